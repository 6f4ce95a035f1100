import { decodeString, JsonDepthError, JsonScanner, JsonSyntaxError } from './json-scanner.ts';

/** A number by its exact value: `1`, `1.0` and `10e-1` are the same. */
export class ExactNumber {
  readonly written: string;
  readonly exact: string;

  constructor(written: string) {
    this.written = written;
    this.exact = toExact(written);
  }
}

/** A JSON value in which no digit is lost. */
export type JsonTree = string | boolean | null | ExactNumber | JsonTree[] | Map<string, JsonTree>;

/** @returns undefined for what is not JSON, or is nested deeper than the API accepts */
export function readJsonTree(text: string): JsonTree | undefined {
  try {
    return new TreeReader(text).read();
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof JsonDepthError) return undefined;
    throw error;
  }
}

class TreeReader extends JsonScanner {
  read(): JsonTree {
    this.skipWhitespace();
    const value = this.readValue();
    this.skipWhitespace();
    if (this.at !== this.text.length) throw new JsonSyntaxError('Extra data', this.at);
    return value;
  }

  private readValue(): JsonTree {
    const { text, at: start } = this;
    const char = text[start];
    if (char === '{') {
      const members = new Map<string, JsonTree>();
      this.scanObject((nameAt, nameEnd) => {
        members.set(decodeString(text.slice(nameAt, nameEnd)), this.readValue());
      });
      return members;
    }
    if (char === '[') {
      const items: JsonTree[] = [];
      this.scanArray(() => items.push(this.readValue()));
      return items;
    }
    this.scanValue();
    const sent = text.slice(start, this.at);
    if (char === '"') return decodeString(sent);
    if (sent === 'null') return null;
    return sent === 'true' || sent === 'false' ? sent === 'true' : new ExactNumber(sent);
  }
}

/** Digits without zeros around them, and the power of ten of the last one. What cannot be written so is what it is. */
function toExact(written: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,15}))?$/.exec(written) ?? [];
  if (whole === '') return written;
  const digits = whole + fraction;
  let [start, end] = [0, digits.length];
  while (digits[start] === '0') start++;
  while (end > start && digits[end - 1] === '0') end--;
  if (start === end) return '0';
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** Where a value is not what is wanted: the way to the member, and what it is instead. */
export interface Difference {
  path: (string | number)[];
  wanted: JsonTree;
  /** Undefined where there is none. */
  found: JsonTree | undefined;
}

/** Where `found` lacks what is wanted: objects may have more members, arrays are compared as a whole. */
export function* listMissing(
  wanted: JsonTree,
  found: JsonTree | undefined,
  path: (string | number)[] = [],
): Generator<Difference> {
  if (wanted instanceof Map && found instanceof Map) {
    for (const [name, value] of wanted) yield* listMissing(value, found.get(name), [...path, name]);
  } else if (found === undefined || !isSame(wanted, found)) {
    yield { path, wanted, found };
  }
}

function isSame(left: JsonTree, right: JsonTree): boolean {
  if (left instanceof ExactNumber) return right instanceof ExactNumber && left.exact === right.exact;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, at) => isSame(item, right[at] ?? null))
    );
  }
  if (!(left instanceof Map)) return left === right;
  if (!(right instanceof Map) || left.size !== right.size) return false;
  for (const [name, value] of left) {
    const other = right.get(name);
    if (other === undefined || !isSame(value, other)) return false;
  }
  return true;
}

/** The value as JSON text, numbers as they were written. */
export function toTreeJson(tree: JsonTree): string {
  if (tree instanceof ExactNumber) return tree.written;
  if (Array.isArray(tree)) return `[${tree.map(toTreeJson).join(',')}]`;
  if (!(tree instanceof Map)) return JSON.stringify(tree);
  return `{${[...tree].map(([name, value]) => `${JSON.stringify(name)}:${toTreeJson(value)}`).join(',')}}`;
}
