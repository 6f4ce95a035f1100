import { type ApiVersion, findVersionOf } from '../domain/api-version.ts';
import { findNearestName } from '../domain/nearest-name.ts';
import { redactKeys } from '../domain/redact.ts';
import { listUnknownMembers } from '../pydantic/unknown-members.ts';

const MAX_NAMES = 5;
const MAX_NAME_LENGTH = 60;

/** The hint of a 200 about ignored members, in printable ASCII; undefined if there are none. */
export function toIgnoredHint(body: unknown, version: ApiVersion): string | undefined {
  const unknown = listUnknownMembers(body);
  if (unknown.length === 0) return undefined;
  const names = unknown.flatMap(({ path: [name = '', ...inner] }) => (inner.length === 0 ? [name] : []));
  const ofOther = toVersionHint(names, version);
  const others = unknown.filter(({ path: [name = '', ...inner] }) => inner.length > 0 || !findVersionOf(name, version));
  if (others.length === 0) return ofOther;
  const shown = others.slice(0, MAX_NAMES).map(({ path, known }) => {
    const nearest = findNearestName(path.at(-1) ?? '', known);
    return `${path.map(toShownName).join('.')}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`;
  });
  const rest = others.length - shown.length;
  const ignored = `ignored: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return ofOther === undefined ? ignored : `${ofOther}; ${ignored}`;
}

/** Of which version the members are that this one does not have; undefined if that is none. */
export function toVersionHint(names: readonly string[], version: ApiVersion): string | undefined {
  const found = names.filter((name) => findVersionOf(name, version) !== undefined);
  const other = findVersionOf(found[0] ?? '', version);
  if (other === undefined) return undefined;
  const belong = found.length === 1 ? 'belongs' : 'belong';
  return `${found.join(', ')} ${belong} to API ${other}; this server speaks ${version}: --api-version ${other}`;
}

/** The name as JSON writes it, in printable ASCII; a long one is shortened, keys in it are masked. */
function toShownName(name: string): string {
  // A character is at most two code units.
  const chars = [...name.slice(0, 2 * MAX_NAME_LENGTH + 1)];
  const shown = redactKeys(chars.slice(0, MAX_NAME_LENGTH).join(''));
  if (shown === '') return '""';
  return JSON.stringify(chars.length > MAX_NAME_LENGTH ? `${shown}...` : shown)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
