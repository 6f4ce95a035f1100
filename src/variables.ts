import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { findNearestName } from './domain/nearest-name.ts';
import { escapeControls } from './domain/text.ts';
import {
  ConfigError,
  type Given,
  HEALTH_SETTINGS,
  refuseQuotes,
  SERVE_SETTINGS,
  type Setting,
  toVariable,
} from './settings.ts';

export type Variables = Record<string, string | undefined>;

/** A file that should hold a secret and cannot be read. The message is one line, and repeats nothing. */
export class SecretFileError extends Error {
  override name = 'SecretFileError';
}

/** Bytes that a file with a secret may have. */
const MAX_SECRET_BYTES = 64 * 1024;

/** A Service named mixpeek-mock makes Kubernetes put this into every pod, as `MIXPEEK_MOCK_PORT`. */
const KUBERNETES_PORT = /^(?:tcp|udp|sctp):\/\//i;
/** What it puts there besides, also for Services whose names only begin so: the ends of the names, and their values. */
const KUBERNETES_VARIABLES: [name: RegExp, value: RegExp][] = [
  [/_PORT(?:_\d+_(?:TCP|UDP|SCTP))?$/, KUBERNETES_PORT],
  [/_PORT_\d+_(?:TCP|UDP|SCTP)_PROTO$/, /^(?:tcp|udp|sctp)$/i],
  [/_(?:SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)_PORT)$/, /^\d+$/],
  [/_(?:SERVICE_HOST|PORT_\d+_(?:TCP|UDP|SCTP)_ADDR)$/, /^[\da-f.:]+$/i],
];

/**
 * What the variables say of a setting, and which of them says it; undefined where none is set.
 * @throws {ConfigError} {@link SecretFileError}
 */
export function readVariable(
  name: string,
  { isRepeatable, isSecret }: Setting,
  variables: Variables,
): Given | undefined {
  const variable = toVariable(name);
  const file = `${variable}_FILE`;
  const text = toGiven(variables[variable]);
  const path = isSecret ? toGiven(variables[file]) : undefined;
  if (text !== undefined && path !== undefined) {
    throw new ConfigError(`${variable} and ${file} are both set: keep one of them`);
  }
  if (path !== undefined) refuseQuotes({ source: file, value: path });
  const [source, value] = path === undefined ? [variable, text] : [file, readSecret(file, path)];
  if (value === undefined) return undefined;
  refuseQuotes({ source, value });
  if (!isRepeatable) return { source, value };
  const parts = value.split(/[,\n]/).map((part) => part.trim());
  return { source, value: parts.filter((part) => part !== '') };
}

function toGiven(variable: string | undefined): string | undefined {
  const text = variable?.trim();
  return text === undefined || text === '' || KUBERNETES_PORT.test(text) ? undefined : text;
}

/** Reads a file as a secret is mounted: the newline that an editor puts at its end is no part of it. */
function readSecret(variable: string, path: string): string {
  const fail = (reason: string): never => {
    throw new SecretFileError(`${variable}: the file that it names ${reason}`);
  };
  let bytes: Buffer;
  try {
    bytes = readBytes(path, fail);
  } catch (error) {
    if (error instanceof SecretFileError) throw error;
    return fail(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (bytes.length > MAX_SECRET_BYTES) fail(`is larger than ${MAX_SECRET_BYTES / 1024} KiB`);
  const text = bytes.toString().trim();
  return text === '' ? fail('is empty') : text;
}

/** The first bytes of a file: one more than allowed tells that it has more. */
function readBytes(path: string, fail: (reason: string) => never): Buffer {
  // A FIFO that nobody writes to would keep the start waiting, before it could be seen that it is one.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(descriptor).isFile()) fail('is not a regular file');
    const bytes = Buffer.alloc(MAX_SECRET_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

const SETTINGS: Record<string, Setting> = { ...HEALTH_SETTINGS, ...SERVE_SETTINGS };
/** `MIXPEEK_MOCK_URL` tells clients where the server is. */
const KNOWN = [
  ...Object.entries(SETTINGS).flatMap(([name, { isSecret }]) => [
    toVariable(name),
    ...(isSecret ? [`${toVariable(name)}_FILE`] : []),
  ]),
  toVariable('url'),
];

/**
 * Warns of variables that bear our prefix and mean nothing here.
 * @throws {ConfigError} for one that is probably a typo: what it should have set would be missing
 */
export function listUnknownVariables(variables: Variables): string[] {
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (!/^MIXPEEK_MOCK_/i.test(name) || value?.trim() === '' || KNOWN.includes(name)) continue;
    if (isOfKubernetes(name, value?.trim() ?? '')) continue;
    // Where names differ by their letter case (not on Windows), the right one is another variable.
    const upper = name.toUpperCase();
    if (KNOWN.includes(upper) && variables[upper] !== undefined) continue;
    const nearest = findNearestName(upper.slice(PREFIX.length), KNOWN_ENDS);
    const shown = `unknown variable ${escapeControls(name)}`;
    if (nearest !== undefined) throw new ConfigError(`${shown}: did you mean ${PREFIX}${nearest}?`);
    warnings.push(`${shown} is ignored; those that are known are listed by --help`);
  }
  return warnings;
}

const isOfKubernetes = (name: string, value: string) =>
  KUBERNETES_VARIABLES.some(([ofName, ofValue]) => ofName.test(name) && ofValue.test(value));

const PREFIX = toVariable('');
const KNOWN_ENDS = KNOWN.map((name) => name.slice(PREFIX.length));
