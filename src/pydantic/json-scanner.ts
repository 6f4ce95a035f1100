/** A syntax error in Python's words; the offset is in UTF-16 code units. */
export class JsonSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The text is nested deeper than the scanner's `maxDepth`. */
export class JsonDepthError extends Error {}

/** The most levels of a body; the outermost value is level 1. */
export const MAX_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LITERALS = ['null', 'true', 'false', 'NaN', 'Infinity', '-Infinity'];

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** The value of a JSON string, given with its quotes. */
export const decodeString = (sent: string): string => (sent.includes('\\') ? JSON.parse(sent) : sent.slice(1, -1));

/** The offset behind the closing quote of a string, in a text that was checked before. */
export function endOfCheckedString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

/**
 * Scans JSON as CPython 3.11 does (observed): the same grammar, messages and offsets. Each `scan…` checks what begins at
 * `at` and moves `at` behind it.
 */
export class JsonScanner {
  readonly text: string;
  at: number;
  protected readonly literals: readonly string[] = LITERALS;
  protected readonly maxDepth: number = MAX_DEPTH;
  protected depth = 0;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  skipWhitespace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  scanValue(): void {
    const char = this.text[this.at];
    if (char === '"') this.scanString();
    else if (char === '{') this.scanObject();
    else if (char === '[') this.scanArray();
    else if (isDigit(this.text.charCodeAt(this.at))) this.scanNumber();
    else {
      const literal = this.literals.find((word) => this.text.startsWith(word, this.at));
      if (literal === undefined) this.scanNumber();
      else this.at += literal.length;
    }
  }

  /** @param readMember scans the value of a member, given the offsets of its name with quotes */
  scanObject(readMember?: (nameAt: number, nameEnd: number) => void): void {
    this.enter();
    let isOpen = this.text[this.at] !== '}';
    while (isOpen) {
      const nameAt = this.at;
      if (this.text[nameAt] !== '"') this.fail('Expecting property name enclosed in double quotes');
      this.scanString();
      const nameEnd = this.at;
      this.skipWhitespace();
      if (this.text[this.at] !== ':') this.fail("Expecting ':' delimiter");
      this.at++;
      this.skipWhitespace();
      if (readMember === undefined) this.scanValue();
      else readMember(nameAt, nameEnd);
      isOpen = !this.isAtEnd('}');
    }
    this.leave();
  }

  /** @param readItem scans an item */
  protected scanArray(readItem?: () => void): void {
    this.enter();
    let isOpen = this.text[this.at] !== ']';
    while (isOpen) {
      if (readItem === undefined) this.scanValue();
      else readItem();
      isOpen = !this.isAtEnd(']');
    }
    this.leave();
  }

  private enter(): void {
    this.depth++;
    if (this.depth > this.maxDepth) throw new JsonDepthError();
    this.at++;
    this.skipWhitespace();
  }

  private leave(): void {
    this.depth--;
    this.at++;
  }

  /** Whether the closing bracket is next; if not, scans the comma that must be. */
  private isAtEnd(close: string): boolean {
    this.skipWhitespace();
    if (this.text[this.at] === close) return true;
    if (this.text[this.at] !== ',') this.fail("Expecting ',' delimiter");
    this.at++;
    this.skipWhitespace();
    return false;
  }

  private scanString(): void {
    const { text } = this;
    const start = this.at;
    let at = start + 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        return;
      }
      if (Number.isNaN(code)) this.fail('Unterminated string starting at', start);
      if (code < 0x20) this.fail('Invalid control character at', at);
      at = code === BACKSLASH ? this.scanEscape(start, at + 1) : at + 1;
    }
  }

  /** Scans an escape whose second character is at `at`, in a string from `start`; returns the offset behind it. */
  private scanEscape(start: number, at: number): number {
    const { text } = this;
    const char = text[at];
    if (char === undefined) this.fail('Unterminated string starting at', start);
    if (char !== 'u') {
      if (!'"\\/bfnrt'.includes(char)) this.fail('Invalid \\escape', at - 1);
      return at + 1;
    }
    // Python requires one more character behind the four digits before it checks them.
    if (at + 5 >= text.length || !/^[0-9A-Fa-f]{4}$/.test(text.slice(at + 1, at + 5))) {
      this.fail('Invalid \\uXXXX escape', at);
    }
    return at + 5;
  }

  private scanNumber(): void {
    const { text } = this;
    const start = this.at;
    let at = text[start] === '-' ? start + 1 : start;
    if (!isDigit(text.charCodeAt(at))) this.fail('Expecting value', start);
    at = text[at] === '0' ? at + 1 : this.scanDigits(at);
    if (text[at] === '.' && isDigit(text.charCodeAt(at + 1))) at = this.scanDigits(at + 1);
    if (text[at] === 'e' || text[at] === 'E') {
      const exponent = text[at + 1] === '+' || text[at + 1] === '-' ? at + 2 : at + 1;
      if (isDigit(text.charCodeAt(exponent))) at = this.scanDigits(exponent);
    }
    this.at = at;
  }

  private scanDigits(at: number): number {
    let end = at;
    while (isDigit(this.text.charCodeAt(end))) end++;
    return end;
  }

  /** Scans one value and returns it without whitespace and duplicate names. */
  compactValue(): string {
    const start = this.at;
    if (this.text[start] === '{') return this.compactObject();
    if (this.text[start] === '[') {
      const items: string[] = [];
      this.scanArray(() => items.push(this.compactValue()));
      return `[${items.join(',')}]`;
    }
    this.scanValue();
    return this.text.slice(start, this.at);
  }

  private compactObject(): string {
    const members = new Map<string, string>();
    this.scanObject((nameAt, nameEnd) => {
      const sent = this.text.slice(nameAt, nameEnd);
      const value = this.compactValue();
      const name = sent.includes('\\') ? JSON.stringify(JSON.parse(sent)) : sent;
      const first = members.get(name);
      if (first !== undefined) this.onDuplicate(nameAt, name);
      members.set(name, `${first === undefined ? sent : first.slice(0, endOfCheckedString(first, 0))}:${value}`);
    });
    return `{${[...members.values()].join(',')}}`;
  }

  /** Called for a duplicate name (with its quotes): the last value counts. */
  protected onDuplicate(_nameAt: number, _name: string): void {}

  private fail(message: string, at = this.at): never {
    throw new JsonSyntaxError(message, at);
  }
}
