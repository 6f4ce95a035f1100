import { findNearestName } from '../domain/nearest-name.ts';
import { redactKeys } from '../domain/redact.ts';
import { JsonObject } from '../pydantic/json.ts';

/** A member that its model does not know. */
export interface UnknownMember {
  /** Names, from the outermost object to the member. */
  path: string[];
  /** Names that its model knows. */
  known: readonly string[];
}

/** The unknown members of a body: those of nested models first, each in the order of the body. */
export function listUnknownMembers(body: unknown): UnknownMember[] {
  if (!(body instanceof JsonObject)) return [];
  const nested = [...body.members()].flatMap(([name, value]) =>
    value instanceof JsonObject ? listUnknown(value, [name]) : [],
  );
  return [...nested, ...listUnknown(body, [])];
}

const listUnknown = ({ unknown }: JsonObject, outer: string[]): UnknownMember[] =>
  unknown === undefined ? [] : unknown.names.map((name) => ({ path: [...outer, name], known: unknown.known }));

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
