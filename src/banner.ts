import { resolve } from 'node:path';
import { maskKey } from './domain/redact.ts';
import type { RunningServer, ServedKey } from './server.ts';

/**
 * What a person sees when the server answers.
 * @param madeUpToken the token of the control plane, which nobody else knows
 */
export function toBanner(server: RunningServer, version: string, madeUpToken: string | undefined): string {
  const rows = server.apiKeys.map(({ key, isGiven, account_type, api_key }) => [
    isGiven ? maskKey(key) : key,
    api_key.organization_id,
    account_type,
    api_key.permissions.join(', '),
    api_key.status === 'active' ? '' : api_key.status,
  ]);
  const data = server.db === ':memory:' ? 'in memory, gone when this stops' : resolve(server.db);
  return [
    '',
    `  mixpeek-mock ${version} answers at ${server.url}`,
    '',
    `  data   ${data}`,
    `         ${server.origin}`,
    `  docs   ${server.url}/docs`,
    '',
    ...(rows.length > 0
      ? alignColumns(rows).map((row, index) => `  ${index === 0 ? 'keys' : '    '}   ${row}`)
      : noKeys),
    ...(madeUpToken ? ['', `  token  ${madeUpToken} (of the control plane, ${server.url}/_mock)`] : []),
    '',
    '  try    (paste it)',
    `         ${toCurl(server)}`,
    '',
    '',
  ].join('\n');
}

const noKeys = ['  keys   none of those in the database is known in plain; add one with --api-key'];

function alignColumns(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function toCurl({ url, apiKeys }: RunningServer): string {
  const admin = apiKeys.find(
    ({ isGiven, api_key }) => !isGiven && api_key.status === 'active' && api_key.permissions.includes('admin'),
  );
  return (
    `curl -X PATCH ${url}/v1/organizations -H 'Authorization: Bearer ${admin?.key ?? '<api key>'}' ` +
    `-H 'Content-Type: application/json' -d '{"metadata":{"hello":"world"}}'`
  );
}

/**
 * What a program reads: one line of JSON. A key that cannot be used says why in `status`; of one that a flag or a variable
 * gave only `key_prefix` is shown.
 */
export function toReadyLine(server: RunningServer): string {
  const api_keys = server.apiKeys.map(toReadyKey);
  return `${JSON.stringify({ event: 'ready', url: server.url, db: server.db, api_keys })}\n`;
}

const toReadyKey = ({ key, isGiven, account_type, api_key }: ServedKey) => ({
  ...(isGiven ? { key: null, key_prefix: api_key.key_prefix } : { key }),
  organization_id: api_key.organization_id,
  account_type,
  permissions: api_key.permissions,
  ...(api_key.status === 'active' ? {} : { status: api_key.status }),
});
