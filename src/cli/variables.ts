import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../domain/errors.ts';
import { findNearestName } from '../domain/nearest-name.ts';
import { escapeControls } from '../domain/text.ts';
import { ConfigError, type Given, refuseQuotes, type Setting } from '../setting.ts';
import { HEALTH_SETTINGS, SERVE_SETTINGS } from '../settings.ts';
import { CONTROL_SETTINGS } from './control-settings.ts';

/** `apiKey` as `MIXPEEK_MOCK_API_KEY`. */
export const toVariable = (name: string): string =>
  `MIXPEEK_MOCK_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

export type Variables = Record<string, string | undefined>;

/** A file that should hold a secret cannot be used. The message is one line and shows neither path nor content. */
export class SecretFileError extends Error {
  override name = 'SecretFileError';
}

/** Bytes that a file with a secret may have. */
const MAX_SECRET_BYTES = 64 * 1024;

/** A Service named mixpeek-mock makes Kubernetes put this into every pod, as `MIXPEEK_MOCK_PORT`. */
const KUBERNETES_PORT = /^(?:tcp|udp|sctp):\/\//i;
/** What else it puts there, also for Services whose names only begin so: the ends of the names, and their values. */
const KUBERNETES_VARIABLES: [name: RegExp, value: RegExp][] = [
  [/_PORT(?:_\d+_(?:TCP|UDP|SCTP))?$/, KUBERNETES_PORT],
  [/_PORT_\d+_(?:TCP|UDP|SCTP)_PROTO$/, /^(?:tcp|udp|sctp)$/i],
  [/_(?:SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)_PORT)$/, /^\d+$/],
  [/_(?:SERVICE_HOST|PORT_\d+_(?:TCP|UDP|SCTP)_ADDR)$/, /^[\da-f.:]+$/i],
];

/**
 * The value of a setting and the variable that has it; undefined if none is set.
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

/** Reads a file as secrets are mounted: the newline at its end, which editors put there, is not part of the secret. */
function readSecret(variable: string, path: string): string {
  const fail = (reason: string): never => {
    throw new SecretFileError(`${variable}: the file that it names ${reason}`);
  };
  let bytes: Buffer;
  try {
    bytes = readBytes(path, fail);
  } catch (error) {
    if (error instanceof SecretFileError) throw error;
    return fail(`cannot be read (${codeOf(error)})`);
  }
  if (bytes.length > MAX_SECRET_BYTES) fail(`is larger than ${MAX_SECRET_BYTES / 1024} KiB`);
  const text = bytes.toString().trim();
  return text === '' ? fail('is empty') : text;
}

/** The first bytes of a file: one more than allowed, to see whether it has more. */
function readBytes(path: string, fail: (reason: string) => never): Buffer {
  // Without O_NONBLOCK a FIFO that nobody writes to would block the start.
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

const SETTINGS: Record<string, Setting> = { ...HEALTH_SETTINGS, ...SERVE_SETTINGS, ...CONTROL_SETTINGS };
const KNOWN = Object.entries(SETTINGS).flatMap(([name, { isSecret }]) => [
  toVariable(name),
  ...(isSecret ? [`${toVariable(name)}_FILE`] : []),
]);

/**
 * A warning for each unknown variable with our prefix.
 * @throws {ConfigError} for one that is probably a typo: the setting that was meant would be missing
 */
export function listUnknownVariables(variables: Variables): string[] {
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (!/^MIXPEEK_MOCK_/i.test(name) || value?.trim() === '' || KNOWN.includes(name)) continue;
    if (isOfKubernetes(name, value?.trim() ?? '')) continue;
    // Where letter case distinguishes names (not on Windows), the right one is another variable.
    const upper = name.toUpperCase();
    if (KNOWN.includes(upper) && variables[upper] !== undefined) continue;
    const nearest = findNearestName(upper.slice(PREFIX.length), KNOWN_ENDS);
    const shown = `unknown variable ${escapeControls(name)}`;
    if (nearest !== undefined) throw new ConfigError(`${shown}: did you mean ${PREFIX}${nearest}?`);
    warnings.push(`${shown} is ignored; --help lists the known ones`);
  }
  return warnings;
}

const isOfKubernetes = (name: string, value: string) =>
  KUBERNETES_VARIABLES.some(([ofName, ofValue]) => ofName.test(name) && ofValue.test(value));

const PREFIX = toVariable('');
const KNOWN_ENDS = KNOWN.map((name) => name.slice(PREFIX.length));
