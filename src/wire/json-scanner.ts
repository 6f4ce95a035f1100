/** Where the text stops being JSON, in UTF-16 code units, with Python's words for it. */
export class JsonSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Nested deeper than {@link MAX_DEPTH}. */
export class JsonDepthError extends Error {}

/** Levels that a text may be nested deep; the outermost value is level 1. */
export const MAX_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LITERALS = ['null', 'true', 'false', 'NaN', 'Infinity', '-Infinity'];

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** The text that a JSON string, quotes included, means. */
export const decodeString = (sent: string): string => (sent.includes('\\') ? JSON.parse(sent) : sent.slice(1, -1));

/** Where a string of a text that was checked before ends: behind its closing quote. */
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
 * Walks over a JSON text as CPython 3.11 does (observed): its grammar, the words of its errors, the places where it
 * sees them.
 */
export class JsonScanner {
  readonly text: string;
  at: number;
  protected readonly literals: readonly string[] = LITERALS;
  protected readonly maxDepth: number = MAX_DEPTH;
  private depth = 0;

  constructor(text: string, at: number) {
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

  /** Passes one value. */
  value(): void {
    const char = this.text[this.at];
    if (char === '"') this.string();
    else if (char === '{') this.members();
    else if (char === '[') this.elements();
    else if (isDigit(this.text.charCodeAt(this.at))) this.number();
    else {
      const literal = this.literals.find((word) => this.text.startsWith(word, this.at));
      if (literal === undefined) this.number();
      else this.at += literal.length;
    }
  }

  /** Passes an object; `passValue` passes a value, given where its name begins and ends. */
  members(passValue?: (nameAt: number, nameEnd: number) => void): void {
    this.enter();
    let isOpen = this.text[this.at] !== '}';
    while (isOpen) {
      const nameAt = this.at;
      if (this.text[nameAt] !== '"') this.fail('Expecting property name enclosed in double quotes');
      this.string();
      const nameEnd = this.at;
      this.skipWhitespace();
      if (this.text[this.at] !== ':') this.fail("Expecting ':' delimiter");
      this.at++;
      this.skipWhitespace();
      if (passValue === undefined) this.value();
      else passValue(nameAt, nameEnd);
      isOpen = !this.isAtEnd('}');
    }
    this.leave();
  }

  /** Passes an array; `passItem` passes an item. */
  protected elements(passItem?: () => void): void {
    this.enter();
    let isOpen = this.text[this.at] !== ']';
    while (isOpen) {
      if (passItem === undefined) this.value();
      else passItem();
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

  /** Whether the closing bracket comes next; if not, passes the comma that must. */
  private isAtEnd(close: string): boolean {
    this.skipWhitespace();
    if (this.text[this.at] === close) return true;
    if (this.text[this.at] !== ',') this.fail("Expecting ',' delimiter");
    this.at++;
    this.skipWhitespace();
    return false;
  }

  private string(): void {
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
      at = code === BACKSLASH ? this.escape(start, at + 1) : at + 1;
    }
  }

  /** Passes an escape whose second character is at `at`, of a string that started at `start`. */
  private escape(start: number, at: number): number {
    const { text } = this;
    const char = text[at];
    if (char === undefined) this.fail('Unterminated string starting at', start);
    if (char !== 'u') {
      if (!'"\\/bfnrt'.includes(char)) this.fail('Invalid \\escape', at - 1);
      return at + 1;
    }
    // Python wants one more character behind the four digits before it looks at them.
    if (at + 5 >= text.length || !/^[0-9A-Fa-f]{4}$/.test(text.slice(at + 1, at + 5))) {
      this.fail('Invalid \\uXXXX escape', at);
    }
    return at + 5;
  }

  private number(): void {
    const { text } = this;
    const start = this.at;
    let at = text[start] === '-' ? start + 1 : start;
    if (!isDigit(text.charCodeAt(at))) this.fail('Expecting value', start);
    at = text[at] === '0' ? at + 1 : this.digits(at);
    if (text[at] === '.' && isDigit(text.charCodeAt(at + 1))) at = this.digits(at + 1);
    if (text[at] === 'e' || text[at] === 'E') {
      const exponent = text[at + 1] === '+' || text[at + 1] === '-' ? at + 2 : at + 1;
      if (isDigit(text.charCodeAt(exponent))) at = this.digits(exponent);
    }
    this.at = at;
  }

  private digits(at: number): number {
    let end = at;
    while (isDigit(this.text.charCodeAt(end))) end++;
    return end;
  }

  /** Passes one value and returns it without whitespace and duplicate names. */
  compactValue(): string {
    const start = this.at;
    if (this.text[start] === '{') return this.compactObject();
    if (this.text[start] === '[') {
      const items: string[] = [];
      this.elements(() => items.push(this.compactValue()));
      return `[${items.join(',')}]`;
    }
    this.value();
    return this.text.slice(start, this.at);
  }

  private compactObject(): string {
    const members = new Map<string, string>();
    this.members((nameAt, nameEnd) => {
      const sent = this.text.slice(nameAt, nameEnd);
      const value = this.compactValue();
      const name = sent.includes('\\') ? JSON.stringify(JSON.parse(sent)) : sent;
      const first = members.get(name);
      if (first !== undefined) this.onDuplicate(nameAt, name);
      members.set(name, `${first === undefined ? sent : first.slice(0, endOfCheckedString(first, 0))}:${value}`);
    });
    return `{${[...members.values()].join(',')}}`;
  }

  /** Called for a name (with its quotes) that is in the object already: the last value counts. */
  protected onDuplicate(_nameAt: number, _name: string): void {}

  private fail(message: string, at = this.at): never {
    throw new JsonSyntaxError(message, at);
  }
}
