/** Members that are kept as JSON text, digits and order included. */
export const JSON_MEMBERS: ReadonlySet<string> = new Set(['metadata', 'users']);
/** What such a member may hold, in characters: as much as the API takes. */
const MAX_JSON_LENGTH = 1024 * 1024;
/** Levels that it may be nested deep: a body may have 100, and is one itself. */
export const MAX_JSON_DEPTH = 99;
export const TOO_DEEP = 'is nested deeper than the API takes: 100 levels, the body is one';

/** JSON text without whitespace that a seed held as a value, so that it keeps its digits and its order. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** @throws {SeedSyntaxError} for a text longer than the API takes */
export function checkJsonLength(length: number, offset: number): void {
  if (length > MAX_JSON_LENGTH)
    throw new SeedSyntaxError(offset, 'is larger than 1 MiB, which is all that the API takes');
}

/** What a seed file holds, and where. */
export interface SeedSource {
  /** Plain values, but for {@link JsonText}. */
  content: unknown;
  /** Where the member stands, or else the nearest one around it: the offset in the text. */
  locate(path: readonly PropertyKey[]): number;
}

/** Where a text cannot be read as a seed, and what to do about it. */
export class SeedSyntaxError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}
