import { isUtf8 } from 'node:buffer';
import { isApiKey, redactKeys } from '../domain/redact.ts';
import { type JournalEntry, maskQuery, SECRET_NAME } from './journal-entry.ts';
import { isTruncated } from './request-matcher.ts';

/** The entry has not all that was sent, or has what may not be shown. The message says what. */
export class NoCurlLineError extends Error {
  override name = 'NoCurlLineError';
}

/** What belongs to a connection, or what curl writes itself. */
const LEFT_OUT = new Set([
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
/** What curl sends of its own accord. */
const OWN_HEADERS = ['Accept', 'User-Agent'];
const WITH_BODY = 'Content-Type';
/** For a longer body curl asks first, with `Expect`. */
const EXPECTING_BYTES = 1024;

/**
 * A command line for bash that sends the request again, byte for byte, with the key in `MIXPEEK_API_KEY`.
 * @param origin of this server, as whoever asks reaches it
 * @throws {NoCurlLineError}
 */
export function toCurlLine(entry: JournalEntry, origin: string): string {
  const { method, url, body = '' } = entry;
  const headers = listHeaders(entry.headers);
  checkBody(entry, headers);
  const [, query = ''] = url.split('?', 2);
  if (maskQuery(url) !== url || query.includes('…'))
    throw new NoCurlLineError('the query has a secret, which is not shown');
  const hasBody = body !== '';
  const words = ['curl -sS --globoff --path-as-is', method === 'HEAD' && !hasBody ? '--head' : `-X ${quote(method)}`];
  // What curl would take for a fragment, or refuse.
  if (!/^[!$-;=?-[\]_a-z~]*$/i.test(url)) words.push(`--request-target ${quote(show('the URL', url))}`, quote(origin));
  else words.push(quote(show('the URL', origin + url)));
  for (const [name, value] of headers) if (!LEFT_OUT.has(name.toLowerCase())) words.push(toHeaderWord(name, value));
  const sent = new Set(headers.map(([name]) => name.toLowerCase()));
  for (const name of hasBody ? [...OWN_HEADERS, WITH_BODY] : OWN_HEADERS) {
    if (!sent.has(name.toLowerCase())) words.push(`-H '${name}:'`);
  }
  if (body.length > EXPECTING_BYTES) words.push("-H 'Expect:'");
  // A @ at the beginning would name a file.
  if (hasBody) words.push(`${body.startsWith('@') ? '--data-raw' : '--data-binary'} ${quote(show('the body', body))}`);
  return redactKeys(words.join(' '));
}

function checkBody(entry: JournalEntry, headers: [string, string][]): void {
  const { body, body_bytes } = entry;
  const lengthOf = (name: string) => headers.find(([sent]) => sent.toLowerCase() === name)?.[1];
  const wasSent = lengthOf('transfer-encoding') !== undefined || (lengthOf('content-length') ?? '0') !== '0';
  if (body === undefined && wasSent) {
    throw new NoCurlLineError(
      'the body is not kept: the request was refused before it was read, or is still under way',
    );
  }
  if (isTruncated(entry))
    throw new NoCurlLineError(`the body has ${body_bytes} bytes, of which the first 64 KiB are kept`);
  if (body?.includes('\0')) throw new NoCurlLineError('the body has NUL bytes, which no command line can have');
}

/** Names and values as they were sent. */
function listHeaders(lines: string): [name: string, value: string][] {
  const parts = lines.split('\n');
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) headers.push([parts[at] ?? '', parts[at + 1] ?? '']);
  return headers;
}

function toHeaderWord(name: string, value: string): string {
  const [, scheme = '', key = ''] = /^(bearer) +(\S+)$/i.exec(value) ?? [];
  const isKey = isApiKey(key) || (key.endsWith('…') && /^(?:mxp_|ret_)?sk_/.test(key));
  if (name.toLowerCase() === 'authorization' && isKey) return `-H "${name}: ${scheme} $MIXPEEK_API_KEY"`;
  if (SECRET_NAME.test(name)) throw new NoCurlLineError(`the header ${name} has a secret, which is not shown`);
  // With a colon curl would leave out a header without a value.
  return `-H ${quote(value === '' ? `${name};` : show(`the header ${name}`, `${name}: ${value}`))}`;
}

/** @throws {NoCurlLineError} where a key would have to be masked */
function show(what: string, bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  // It may have been masked before it was kept.
  if (bytes.includes('…') || redactKeys(text) !== text)
    throw new NoCurlLineError(`${what} has a key, which is not shown`);
  return bytes;
}

/** Bytes, a character each, as one word of bash. */
function quote(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would act on them
  const isText = isUtf8(buffer) && !/[\0-\x08\x0b-\x1f\x7f]/.test(bytes);
  if (isText) return `'${buffer.toString('utf8').replaceAll("'", "'\\''")}'`;
  const escaped = [...buffer].map((byte) => {
    const char = String.fromCharCode(byte);
    if (/[ -~]/.test(char)) return /['\\]/.test(char) ? `\\${char}` : char;
    // Three digits, so that one that follows is not taken for theirs.
    return `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `$'${escaped.join('')}'`;
}
