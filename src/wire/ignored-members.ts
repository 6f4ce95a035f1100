import { findNearestName } from '../domain/nearest-name.ts';
import { redactKeys } from '../domain/redact.ts';
import { JsonObject, type JsonValue } from './json.ts';

/** A member that no model knew. */
export interface UnknownMember {
  /** Names from the body inwards. */
  path: string[];
  /** Names that its model knows. */
  known: readonly string[];
}

/** Members that the models of a body do not know: those of nested models first, each in the order of the body. */
export function listUnknownMembers(body: JsonValue): UnknownMember[] {
  if (!(body instanceof JsonObject)) return [];
  const found: UnknownMember[] = [];
  for (const [name, value] of body.members()) {
    if (value instanceof JsonObject && value.unknown !== undefined) {
      const { names, known } = value.unknown;
      for (const inner of names) found.push({ path: [name, inner], known });
    }
  }
  if (body.unknown !== undefined) {
    const { names, known } = body.unknown;
    for (const name of names) found.push({ path: [name], known });
  }
  return found;
}

const MAX_NAMES = 5;
const MAX_NAME_LENGTH = 60;

/** What a 200 tells about members that it ignored, in printable ASCII; undefined where there were none. */
export function toIgnoredHint(body: JsonValue): string | undefined {
  const unknown = listUnknownMembers(body);
  if (unknown.length === 0) return undefined;
  const shown = unknown.slice(0, MAX_NAMES).map(({ path, known }) => {
    const nearest = findNearestName(path.at(-1) ?? '', known);
    return `${path.map(toShownName).join('.')}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`;
  });
  const rest = unknown.length - shown.length;
  return `ignored: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** The name as JSON writes it, in printable ASCII; a long one is cut short, a key in it masked. */
function toShownName(name: string): string {
  // A character takes two units at most.
  const chars = [...name.slice(0, 2 * MAX_NAME_LENGTH + 1)];
  const shown = redactKeys(chars.slice(0, MAX_NAME_LENGTH).join(''));
  if (shown === '') return '""';
  return JSON.stringify(chars.length > MAX_NAME_LENGTH ? `${shown}...` : shown)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
