import { decodeString, endOfCheckedString, JsonScanner, JsonSyntaxError } from './json-scanner.ts';

/** A number, `NaN` or `Infinity`, as it was written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An array, which no member of a model that is served here takes. */
export class JsonArray {}

/** An object that is left as text until somebody asks for its members. */
export class JsonObject {
  private readonly source: string;
  private readonly start: number;
  private known: Map<string, JsonValue> | undefined;
  /** Members that the model which read this object does not know, as they were sent, and those that it knows. */
  unknown: { names: string[]; known: readonly string[] } | undefined;

  constructor(source: string, start: number) {
    this.source = source;
    this.start = start;
  }

  /** Passes the object and notes its members on the way, so that they need not be looked for again. */
  static scan(scanner: JsonScanner): JsonObject {
    const object = new JsonObject(scanner.text, scanner.at);
    object.known = readMembers(scanner);
    return object;
  }

  /** The members by name; of a name given twice the last value counts, in the first one's place. */
  members(): Map<string, JsonValue> {
    this.known ??= readMembers(new JsonScanner(this.source, this.start));
    return this.known;
  }

  /** The text without blanks; of a name given twice, at any depth, the last value in the first one's place. */
  toText(): string {
    return new JsonScanner(this.source, this.start).compactValue();
  }
}

/** What stands in a JSON text, one level deep. */
export type JsonValue = string | boolean | null | JsonNumber | JsonArray | JsonObject;

/**
 * Checks the whole text and returns its outermost value.
 * @throws {JsonSyntaxError} where Python would refuse it
 * @throws {JsonDepthError} as soon as level 101 is entered, before any later error
 */
export function parseJson(text: string): JsonValue {
  const scanner = new JsonScanner(text, 0);
  scanner.skipWhitespace();
  const value = text[scanner.at] === '{' ? JsonObject.scan(scanner) : scanValue(scanner);
  scanner.skipWhitespace();
  if (scanner.at !== text.length) throw new JsonSyntaxError('Extra data', scanner.at);
  return value;
}

function scanValue(scanner: JsonScanner): JsonValue {
  const start = scanner.at;
  scanner.value();
  return toJsonValue(scanner.text, start, scanner.at);
}

function readMembers(scanner: JsonScanner): Map<string, JsonValue> {
  const members = new Map<string, JsonValue>();
  scanner.members((nameAt, nameEnd) => {
    const name = decodeString(scanner.text.slice(nameAt, nameEnd));
    members.set(name, scanValue(scanner));
  });
  return members;
}

/** Whether a text made by {@link JsonObject.toText} holds a `NaN` or an `Infinity`. */
export function hasNonFinite(compact: string): boolean {
  if (!compact.includes('N') && !compact.includes('I')) return false;
  // Outside of strings, capital letters other than an exponent's E stand in these two words only.
  for (let at = 0; at < compact.length; at++) {
    const code = compact.charCodeAt(at);
    if (code === QUOTE) at = endOfCheckedString(compact, at) - 1;
    else if (code === CAPITAL_N || code === CAPITAL_I) return true;
  }
  return false;
}

const QUOTE = 0x22;
const CAPITAL_I = 0x49;
const CAPITAL_N = 0x4e;

function toJsonValue(text: string, start: number, end: number): JsonValue {
  switch (text[start]) {
    case '{':
      return new JsonObject(text, start);
    case '[':
      return new JsonArray();
    case '"':
      return decodeString(text.slice(start, end));
    case 't':
      return true;
    case 'f':
      return false;
    case 'n':
      return null;
    default:
      return new JsonNumber(text.slice(start, end));
  }
}
