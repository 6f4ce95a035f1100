/** Whether a text can be stored and returned as it is: without NUL characters and unpaired surrogates. */
export const isStorable = (text: string) => !text.includes('\0') && !/\p{Surrogate}/u.test(text);

/**
 * A copy of the text, or of its first `length` characters. V8 keeps the whole text in memory for as long as a slice of it.
 */
export const copyText = (text: string, length = text.length): string => Buffer.from(text.slice(0, length)).toString();

/** The text of a JSON object of members whose values are JSON text; of one that is undefined nothing is said. */
export const toJsonObject = (members: readonly (readonly [name: string, json: string | undefined])[]): string =>
  `{${members
    .filter(([, json]) => json !== undefined)
    .map(([name, json]) => `${JSON.stringify(name)}:${json}`)
    .join(',')}}`;

/** The URL of a server that listens on this address. */
export function toUrl(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

// Including characters that are invisible or reverse the direction of the text, like U+200B and U+202E.
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Escapes control and format characters as JSON does, so that no terminal obeys what a client or a setting sent. JSON text
 * keeps its meaning.
 * @param kept characters that are not escaped, such as the newlines between the lines of a message
 */
export const escapeControls = (text: string, kept = ''): string =>
  text.replace(CONTROLS, (char) => (kept.includes(char) ? char : toEscapes(char)));

const toEscapes = (char: string) =>
  SHORT_ESCAPES[char] ??
  Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
const SHORT_ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
