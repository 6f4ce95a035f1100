import { decodeString, endOfCheckedString, JsonScanner, JsonSyntaxError } from './json-scanner.ts';

/** A number, `NaN` or `Infinity`, as it was written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An array. Its items are not kept: no model here has an array. */
export class JsonArray {}

/** An object, kept as text until its members are read. */
export class JsonObject {
  private readonly source: string;
  private readonly start: number;
  private known: Map<string, JsonValue> | undefined;
  /** Members of its model that count as unknown. */
  foreign: readonly string[] | undefined;
  /** Names as sent that the model of this object does not know, and the names that it knows. */
  unknown: { names: string[]; known: readonly string[] } | undefined;

  constructor(source: string, start: number) {
    this.source = source;
    this.start = start;
  }

  /** Scans the object and keeps its members, so that they need not be scanned again. */
  static scan(scanner: JsonScanner): JsonObject {
    const object = new JsonObject(scanner.text, scanner.at);
    object.known = readMembers(scanner);
    return object;
  }

  /** The members by name. The last value of a duplicate name counts, in the place of the first. */
  members(): Map<string, JsonValue> {
    this.known ??= readMembers(new JsonScanner(this.source, this.start));
    return this.known;
  }

  /** The text without whitespace and, at any depth, duplicate names: the last value, in the place of the first. */
  toText(): string {
    return new JsonScanner(this.source, this.start).compactValue();
  }
}

/** A JSON value; those inside of it are still text. */
export type JsonValue = string | boolean | null | JsonNumber | JsonArray | JsonObject;

/**
 * Checks the whole text and returns its outermost value.
 * @throws {JsonSyntaxError} where Python has one
 * @throws {JsonDepthError} as soon as level 101 is entered, before any later error
 */
export function parseJson(text: string): JsonValue {
  const scanner = new JsonScanner(text);
  scanner.skipWhitespace();
  const value = text[scanner.at] === '{' ? JsonObject.scan(scanner) : scanValue(scanner);
  scanner.skipWhitespace();
  if (scanner.at !== text.length) throw new JsonSyntaxError('Extra data', scanner.at);
  return value;
}

function scanValue(scanner: JsonScanner): JsonValue {
  const start = scanner.at;
  scanner.scanValue();
  return toJsonValue(scanner.text, start, scanner.at);
}

function readMembers(scanner: JsonScanner): Map<string, JsonValue> {
  const members = new Map<string, JsonValue>();
  scanner.scanObject((nameAt, nameEnd) => {
    const name = decodeString(scanner.text.slice(nameAt, nameEnd));
    members.set(name, scanValue(scanner));
  });
  return members;
}

/** Whether a text made by {@link JsonObject.toText} holds a `NaN` or an `Infinity`. */
export function hasNonFinite(compact: string): boolean {
  if (!compact.includes('N') && !compact.includes('I')) return false;
  // Outside of strings, only these two words have an N or an I.
  for (let at = 0; at < compact.length; at++) {
    const char = compact[at];
    if (char === '"') at = endOfCheckedString(compact, at) - 1;
    else if (char === 'N' || char === 'I') return true;
  }
  return false;
}

function toJsonValue(text: string, start: number, end: number): JsonValue {
  const char = text[start];
  if (char === '"') return decodeString(text.slice(start, end));
  if (char === '{') return new JsonObject(text, start);
  if (char === '[') return new JsonArray();
  if (char === 'n') return null;
  if (char === 't' || char === 'f') return char === 't';
  return new JsonNumber(text.slice(start, end));
}
