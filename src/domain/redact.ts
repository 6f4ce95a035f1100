/**
 * One rule for what is accepted as an API key and what is masked wherever text is shown. `sk_live_…`, `sk_test_…` and
 * `sk_` alone are documented; keys of the real service begin with `mxp_sk_`, or `ret_sk_` for retrievers.
 */

export const KEY_SHAPE = /^(?:mxp_|ret_)?sk_[A-Za-z0-9_-]+$/;
export const MAX_KEY_LENGTH = 128;
/** What precedes the secret part of a key: the longest one that matches. */
const KEY_START = /^(?:sk_live_|sk_test_|mxp_sk_|ret_sk_|sk_)/;
/** The first characters of a key. */
export const PREFIX_SHAPE = /^(?:mxp_|ret_)?sk_[A-Za-z0-9_-]*$/;
export const MAX_SHOWN_LENGTH = 10;

/** The shape of a key, in words. */
export const KEY_FORM = 'sk_, mxp_sk_ or ret_sk_, then letters, digits, _ or -, at most 128 characters in all';

/** Whether the text has the shape of a key. */
export function isApiKey(text: string): boolean {
  return text.length <= MAX_KEY_LENGTH && KEY_SHAPE.test(text);
}

/** Everything that looks like a key in a text without escapes. */
export const findApiKeys = (text: string): string[] => (text.match(KEYS_IN_PLAIN) ?? []).filter(isApiKey);
const KEYS_IN_PLAIN = /(?<![A-Za-z0-9])(?:mxp_|ret_)?sk_[A-Za-z0-9_-]+/g;

/** What may be shown of a key: its first 10 characters, but never more than half of its secret part. */
export function toKeyPrefix(key: string): string {
  const start = KEY_START.exec(key)?.[0].length ?? 0;
  return key.slice(0, Math.min(MAX_SHOWN_LENGTH, start + Math.floor((key.length - start) / 2)));
}

/** Whether the text can be the prefix of a key. */
export const isKeyPrefix = (text: string): boolean => text.length <= MAX_SHOWN_LENGTH && PREFIX_SHAPE.test(text);

/** The key masked: its prefix and `…`; only `…` for what is not a key. */
export const maskKey = (key: string): string => `${isApiKey(key) ? toKeyPrefix(key) : ''}…`;

// Each character of a key may be literal, percent-encoded (in a URL) or a JSON escape, both of them also repeatedly. An
// escape begins at the first of its backslashes: trying each of them would take quadratic time.
const asEscaped = (hex: string) => `%(?:25)*${hex}|(?<!\\\\)\\\\+u00${hex}`;
const asSent = (char: string) => {
  const hex = char.charCodeAt(0).toString(16).padStart(2, '0');
  return `(?:${char}|${asEscaped(hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`))})`;
};
// A body in UTF-16 or UTF-32 that could not be decoded has NULs in between.
const NULS = '(?:\\\\+u0000)*';
const word = (text: string) => [...text].map((char) => asSent(char) + NULS).join('');

const ALPHANUMERIC_IN_HEX = '(?:3[0-9]|[46][1-9a-fA-F]|[57][0-9aA])';
/** A letter or digit that is not the end of an escape like `%20`, `\u0020` or `\n`. */
const LITERAL = '(?<!%(?:25)*[0-9A-Fa-f]|\\\\u[0-9A-Fa-f]{3}|\\\\)[A-Za-z0-9]';
const ALPHANUMERIC = `(?:${LITERAL}|%(?:25)*${ALPHANUMERIC_IN_HEX}|\\\\u00${ALPHANUMERIC_IN_HEX})`;
// `task_id` is not a key: a key does not follow a letter or a digit. Checked only where the first character fits, since
// looking back from every character of a long run takes quadratic time.
const START = `(?=${['s', 'm', 'r'].map(asSent).join('|')})(?<!${ALPHANUMERIC}${NULS})`;
const KEYS_IN_TEXT = new RegExp(
  `${START}(?:${word('mxp_')}|${word('ret_')})?${word('sk_')}` +
    `(?:(?:[A-Za-z0-9_-]|${asEscaped(`(?:${ALPHANUMERIC_IN_HEX}|5[fF]|2[dD])`)})${NULS})+`,
  'g',
);

/** The `…` behind a prefix, also as headers (three periods) and JSON (an escape) write it. */
const MASK = /^(?:\u2026|\.{3}|\\{1,4}u2026)/;
const MAX_MASK_LENGTH = 9;

/** Masks everything in the text that looks like a key, also percent-encoded or escaped. */
export function redactKeys(text: string): string {
  // Most log lines have none of these, and a search for keys takes ten times as long.
  if (!text.includes('sk_') && !text.includes('%') && !text.includes('\\')) return text;
  return text.replace(KEYS_IN_TEXT, (key, offset: number) => {
    // It is masked already.
    const end = offset + key.length;
    if (key.length <= MAX_SHOWN_LENGTH && MASK.test(text.slice(end, end + MAX_MASK_LENGTH))) return key;
    return isApiKey(key) ? maskKey(key) : 'sk_…';
  });
}
