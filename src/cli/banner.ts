import { resolve } from 'node:path';
import { isPostgresUrl } from '../domain/postgres-url.ts';
import { maskKey } from '../domain/redact.ts';
import { escapeControls } from '../domain/text.ts';
import type { RunningServer, ServedKey } from '../server.ts';

/** What is reported about a server that has started. */
type Announced = Pick<RunningServer, 'url' | 'db' | 'apiVersion' | 'origin' | 'apiKeys'>;

/** What a banner shows besides what the server says of itself. */
export interface BannerFacts {
  version: string;
  hasControl: boolean;
  /** The generated token of the control plane, shown nowhere else; undefined when one was given, or none is required. */
  generatedToken: string | undefined;
}

/** A banner lists at most this many keys; a ready line has them all. */
const LISTED_KEYS = 20;

/** Where the inspector is. */
export const toPageUrl = ({ url }: Pick<RunningServer, 'url'>): string => `${url}/_mock/`;

const toPlace = (db: string) => (isPostgresUrl(db) ? db : resolve(db));

/** What a person sees once the server is ready. */
export function toBanner(server: Announced, { version, hasControl, generatedToken }: BannerFacts): string {
  const data = server.db === ':memory:' ? 'in memory, lost when the server stops' : toPlace(server.db);
  const lines = [
    '',
    `mixpeek-mock ${version} is listening on ${server.url}`,
    '',
    `data     ${data}`,
    `         ${server.origin}`,
    `api      version ${server.apiVersion}`,
    `docs     ${server.url}/docs`,
    ...(hasControl ? [`look     ${toPageUrl(server)}`] : []),
    ...(generatedToken ? [`token    ${generatedToken} (generated: the control plane requires it)`] : []),
    '',
    ...toKeyLines(server.apiKeys).map((line, index) => `${index === 0 ? 'keys' : '    '}     ${line}`),
    '',
    'try      (paste it)',
    `         ${toCurl(server)}`,
    '',
    'Press Ctrl-C to stop',
  ];
  // A path may contain escape sequences for the terminal.
  return `${lines.map((line) => escapeControls(line && `  ${line}`)).join('\n')}\n\n`;
}

function toKeyLines(apiKeys: ServedKey[]): string[] {
  if (apiKeys.length === 0) return ['the database stores only hashes of its keys; add a key with --api-key'];
  const rows = apiKeys
    .slice(0, LISTED_KEYS)
    .map(({ key, isGiven, account_type, api_key }) => [
      isGiven ? maskKey(key) : key,
      api_key.organization_id,
      account_type,
      api_key.permissions.join(', '),
      api_key.status === 'active' ? '' : api_key.status,
    ]);
  const rest = apiKeys.length - rows.length;
  return [...alignColumns(rows), ...(rest > 0 ? [`and ${rest.toLocaleString('en')} more`] : [])];
}

/** The rows as lines, each cell as wide as the widest of its column. */
export function alignColumns(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function toCurl({ url, apiKeys }: Announced): string {
  const admin = apiKeys.find(
    ({ isGiven, api_key }) => !isGiven && api_key.status === 'active' && api_key.permissions.includes('admin'),
  );
  return (
    `curl -X PATCH ${url}/v1/organizations -H 'Authorization: Bearer ${admin?.key ?? '<api key>'}' ` +
    `-H 'Content-Type: application/json' -d '{"metadata":{"hello":"world"}}'`
  );
}

/**
 * What a program reads: one line of JSON. `status` says why a key cannot be used; of a key from a flag or a variable only
 * `key_prefix` is shown.
 */
export function toReadyLine(server: Announced): string {
  const api_keys = server.apiKeys.map(toReadyKey);
  const { url, db, apiVersion: api_version } = server;
  return `${escapeControls(JSON.stringify({ event: 'ready', url, db, api_version, api_keys }))}\n`;
}

const toReadyKey = ({ key, isGiven, account_type, api_key }: ServedKey) => ({
  ...(isGiven ? { key: null, key_prefix: api_key.key_prefix } : { key }),
  organization_id: api_key.organization_id,
  account_type,
  permissions: api_key.permissions,
  ...(api_key.status === 'active' ? {} : { status: api_key.status }),
});
