/**
 * Characters as Python sees them, for email-validator's reasons (observed with CPython 3.11). All of it works by code
 * point.
 */

/** What Python's `str.strip()` removes, for a regular expression: Unicode's White_Space, and U+001C to U+001F. */
export const WHITESPACE_CLASS = '[\\p{White_Space}\\u{1c}-\\u{1f}]';
const WHITESPACE = new RegExp(WHITESPACE_CLASS, 'u');

export function stripWhitespace(text: string, whitespace = WHITESPACE): string {
  const rest = stripTrailingWhitespace(text, whitespace);
  let start = 0;
  while (start < rest.length && whitespace.test(rest.charAt(start))) start++;
  return rest.slice(start);
}

export function stripTrailingWhitespace(text: string, whitespace = WHITESPACE): string {
  let end = text.length;
  while (end > 0 && whitespace.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Sorts by code point, which differs from JavaScript's order beyond U+FFFF. */
export function sortByCodePoint(texts: Iterable<string>): string[] {
  return [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const LEGIBLE = /^[\p{L}\p{N}\p{P}\p{S}]$/u;

/** The character as a reason shows it: in quotes, by its name, or by its number. */
export function toShown(char: string): string {
  if (char === "'" || char === '\\') return `"${char}"`;
  if (LEGIBLE.test(char)) return `'${char}'`;
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  return NAMES[code] ?? `U+${digits.padStart(code < 0xffff ? 4 : 8, '0')}`;
}

/** The characters, each once, as a reason lists them. */
export function listShown(chars: Iterable<string>): string {
  return sortByCodePoint(new Set([...chars].map(toShown))).join(', ');
}

/** Characters that make a part of an address unsafe: controls, formats, line breaks, and a mark at its beginning. */
export function findUnsafe(text: string, { allowSpace }: { allowSpace: boolean }): string[] {
  const unsafe = [...text].filter((char, index) => {
    if (LEGIBLE.test(char)) return false;
    if (/^\p{M}$/u.test(char)) return index === 0;
    return !(allowSpace && /^\p{Zs}$/u.test(char));
  });
  return sortByCodePoint(new Set(unsafe));
}

/** Unicode's names of whitespace and of invisible characters, which a reader could not see. */
const NAMES: Record<number, string> = {
  32: 'SPACE',
  160: 'NO-BREAK SPACE',
  173: 'SOFT HYPHEN',
  5760: 'OGHAM SPACE MARK',
  6158: 'MONGOLIAN VOWEL SEPARATOR',
  8192: 'EN QUAD',
  8193: 'EM QUAD',
  8194: 'EN SPACE',
  8195: 'EM SPACE',
  8196: 'THREE-PER-EM SPACE',
  8197: 'FOUR-PER-EM SPACE',
  8198: 'SIX-PER-EM SPACE',
  8199: 'FIGURE SPACE',
  8200: 'PUNCTUATION SPACE',
  8201: 'THIN SPACE',
  8202: 'HAIR SPACE',
  8203: 'ZERO WIDTH SPACE',
  8204: 'ZERO WIDTH NON-JOINER',
  8205: 'ZERO WIDTH JOINER',
  8206: 'LEFT-TO-RIGHT MARK',
  8207: 'RIGHT-TO-LEFT MARK',
  8232: 'LINE SEPARATOR',
  8233: 'PARAGRAPH SEPARATOR',
  8234: 'LEFT-TO-RIGHT EMBEDDING',
  8235: 'RIGHT-TO-LEFT EMBEDDING',
  8236: 'POP DIRECTIONAL FORMATTING',
  8237: 'LEFT-TO-RIGHT OVERRIDE',
  8238: 'RIGHT-TO-LEFT OVERRIDE',
  8239: 'NARROW NO-BREAK SPACE',
  8287: 'MEDIUM MATHEMATICAL SPACE',
  8288: 'WORD JOINER',
  8289: 'FUNCTION APPLICATION',
  8290: 'INVISIBLE TIMES',
  8291: 'INVISIBLE SEPARATOR',
  8292: 'INVISIBLE PLUS',
  8294: 'LEFT-TO-RIGHT ISOLATE',
  8295: 'RIGHT-TO-LEFT ISOLATE',
  8296: 'FIRST STRONG ISOLATE',
  8297: 'POP DIRECTIONAL ISOLATE',
  12288: 'IDEOGRAPHIC SPACE',
  65279: 'ZERO WIDTH NO-BREAK SPACE',
};

/** The text as Python's `repr()` writes it: in quotes, with invisible characters escaped. */
export function toRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = [...text].map((char) => {
    if (char === '\\' || char === quote) return `\\${char}`;
    if (char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char)) return char;
    const code = char.codePointAt(0) ?? 0;
    const short = { 9: '\\t', 10: '\\n', 13: '\\r' }[code];
    if (short !== undefined) return short;
    const [letter, width] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
    return `\\${letter}${code.toString(16).padStart(Number(width), '0')}`;
  });
  return quote + escaped.join('') + quote;
}
