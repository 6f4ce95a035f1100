/** Whether a text can be kept and answered as it is: without NUL characters and unpaired surrogates. */
export const isStorable = (text: string) => !text.includes('\0') && !/\p{Surrogate}/u.test(text);

/**
 * The text, or its first characters, in memory of its own: a part of another text would keep the whole of that in memory
 * for as long as it is kept itself.
 * @param length characters
 */
export const copyText = (text: string, length = text.length): string => Buffer.from(text.slice(0, length)).toString();

// Also what the eye takes for nothing or what turns the direction of the text around, like U+200B and U+202E.
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The text with its control and format characters as JSON writes them, so that no terminal obeys what a client or a
 * setting sent. JSON text means the same afterwards.
 * @param kept characters that stay, such as the newlines between the lines of a message
 */
export const escapeControls = (text: string, kept = ''): string =>
  text.replace(CONTROLS, (char) => (kept.includes(char) ? char : toEscapes(char)));

const toEscapes = (char: string) =>
  SHORT_ESCAPES[char] ??
  Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
const SHORT_ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
