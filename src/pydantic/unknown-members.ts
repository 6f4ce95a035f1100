import { JsonObject } from './json.ts';

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
  const found: UnknownMember[] = [];
  for (const [name, value] of body.members()) {
    if (value instanceof JsonObject && value.unknown !== undefined) found.push(...listUnknown(value, [name]));
  }
  return body.unknown === undefined ? found : [...found, ...listUnknown(body, [])];
}

const listUnknown = ({ unknown }: JsonObject, outer: string[]): UnknownMember[] =>
  unknown === undefined ? [] : unknown.names.map((name) => ({ path: [...outer, name], known: unknown.known }));
