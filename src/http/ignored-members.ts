import { findNearestName } from '../domain/nearest-name.ts';
import { redactKeys } from '../domain/redact.ts';
import { listUnknownMembers } from '../pydantic/unknown-members.ts';

const MAX_NAMES = 5;
const MAX_NAME_LENGTH = 60;

/** The hint of a 200 about ignored members, in printable ASCII; undefined if there are none. */
export function toIgnoredHint(body: unknown): string | undefined {
  const unknown = listUnknownMembers(body);
  if (unknown.length === 0) return undefined;
  const shown = unknown.slice(0, MAX_NAMES).map(({ path, known }) => {
    const nearest = findNearestName(path.at(-1) ?? '', known);
    return `${path.map(toShownName).join('.')}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`;
  });
  const rest = unknown.length - shown.length;
  return `ignored: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
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
