import { isUtf8 } from 'node:buffer';
import { SeedFileError } from './issues.ts';

/** Members that are kept as JSON text, digits and order included. */
export const JSON_MEMBERS: ReadonlySet<string> = new Set(['metadata', 'users', 'default_llm_credentials', 'body']);
/** The most characters of such a member: as many as the API accepts. */
const MAX_JSON_LENGTH = 1024 * 1024;
/** The most levels of such a member: a body may have 100, and is the first itself. */
export const MAX_JSON_DEPTH = 99;
export const TOO_DEEP = 'is nested deeper than the API accepts: 100 levels, the body being the first';

/** A value of a seed as JSON text without whitespace, which keeps its digits and its order. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** @throws {SeedSyntaxError} for a text longer than the API accepts */
export function checkJsonLength(length: number, offset: number): void {
  if (length > MAX_JSON_LENGTH)
    throw new SeedSyntaxError(offset, 'is larger than 1 MiB, the most that the API accepts');
}

/** The content of a seed file, and where each member is. */
export interface SeedSource {
  /** Plain values, but for {@link JsonText}. */
  content: unknown;
  /** The offset in the text of the member, or else of the nearest one around it. */
  locate(path: readonly PropertyKey[]): number;
}

/** A text that is not valid JSON or YAML; the message says what to do. */
export class SeedSyntaxError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** @throws {SeedFileError} */
export function toSeedText(file: string, bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new SeedFileError(`${file}: is not in UTF-8: save it in that encoding`);
  return bytes.toString('utf8');
}
