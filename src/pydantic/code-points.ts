import { once } from '../domain/once.ts';

/**
 * Characters as Python sees them, for email-validator's reasons (observed with CPython 3.11). All of it works by code
 * point.
 */

/** What Python's `str.strip()` removes, for a regular expression: Unicode's White_Space, and U+001C to U+001F. */
export const WHITESPACE_CLASS = '[\\p{White_Space}\\u{1c}-\\u{1f}]';
const WHITESPACE = once(() => new RegExp(WHITESPACE_CLASS, 'u'));

export function stripWhitespace(text: string, whitespace = WHITESPACE()): string {
  const rest = stripTrailingWhitespace(text, whitespace);
  let start = 0;
  while (start < rest.length && whitespace.test(rest.charAt(start))) start++;
  return rest.slice(start);
}

export function stripTrailingWhitespace(text: string, whitespace = WHITESPACE()): string {
  let end = text.length;
  while (end > 0 && whitespace.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Sorts by code point, which differs from JavaScript's order beyond U+FFFF. */
export function sortByCodePoint(texts: Iterable<string>): string[] {
  return [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const LEGIBLE = once(() => /^[\p{L}\p{N}\p{P}\p{S}]$/u);

/** The character as a reason shows it: in quotes, by its name, or by its number. */
export function toShown(char: string): string {
  if (char === "'" || char === '\\') return `"${char}"`;
  if (LEGIBLE().test(char)) return `'${char}'`;
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  return NAMES.get(code) ?? `U+${digits.padStart(code < 0xffff ? 4 : 8, '0')}`;
}

/** The characters, each once, as a reason lists them. */
export function listShown(chars: Iterable<string>): string {
  return sortByCodePoint(new Set([...chars].map(toShown))).join(', ');
}

/** Unicode's names of whitespace and of invisible characters, which a reader could not see, by code point in hex. */
const NAMES = new Map(
  `
  20 SPACE | a0 NO-BREAK SPACE | ad SOFT HYPHEN | 1680 OGHAM SPACE MARK | 180e MONGOLIAN VOWEL SEPARATOR
  2000 EN QUAD | 2001 EM QUAD | 2002 EN SPACE | 2003 EM SPACE | 2004 THREE-PER-EM SPACE | 2005 FOUR-PER-EM SPACE
  2006 SIX-PER-EM SPACE | 2007 FIGURE SPACE | 2008 PUNCTUATION SPACE | 2009 THIN SPACE | 200a HAIR SPACE
  200b ZERO WIDTH SPACE | 200c ZERO WIDTH NON-JOINER | 200d ZERO WIDTH JOINER | 200e LEFT-TO-RIGHT MARK
  200f RIGHT-TO-LEFT MARK | 2028 LINE SEPARATOR | 2029 PARAGRAPH SEPARATOR | 202a LEFT-TO-RIGHT EMBEDDING
  202b RIGHT-TO-LEFT EMBEDDING | 202c POP DIRECTIONAL FORMATTING | 202d LEFT-TO-RIGHT OVERRIDE
  202e RIGHT-TO-LEFT OVERRIDE | 202f NARROW NO-BREAK SPACE | 205f MEDIUM MATHEMATICAL SPACE | 2060 WORD JOINER
  2061 FUNCTION APPLICATION | 2062 INVISIBLE TIMES | 2063 INVISIBLE SEPARATOR | 2064 INVISIBLE PLUS
  2066 LEFT-TO-RIGHT ISOLATE | 2067 RIGHT-TO-LEFT ISOLATE | 2068 FIRST STRONG ISOLATE | 2069 POP DIRECTIONAL ISOLATE
  3000 IDEOGRAPHIC SPACE | feff ZERO WIDTH NO-BREAK SPACE
  `
    .trim()
    .split(/ \| |\n\s*/)
    .map((entry) => [Number.parseInt(entry, 16), entry.slice(entry.indexOf(' ') + 1)]),
);

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
