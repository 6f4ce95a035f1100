import { isUtf8 } from 'node:buffer';
import { stripWhitespace } from './code-points.ts';
import { type JsonValue, parseJson } from './json.ts';
import { JsonDepthError, JsonSyntaxError } from './json-scanner.ts';

/** A request body, by what it turned out to be. */
export type ReceivedBody =
  | { kind: 'missing' }
  | { kind: 'not_json_content' }
  | { kind: 'not_utf8' }
  | { kind: 'invalid_json'; message: string; offset: number }
  | { kind: 'too_deep' }
  | {
      kind: 'json';
      value: JsonValue;
      /** Whether unknown members are an error. */
      rejectsUnknown?: boolean;
    };

/**
 * Reads a body as FastAPI does; never throws. `offset` counts code points.
 * @param isJson whether the Content-Type says JSON, see {@link isJsonContentType}
 */
export function receiveBody(bytes: Buffer, isJson: boolean): ReceivedBody {
  if (bytes.length === 0) return { kind: 'missing' };
  if (!isJson) return { kind: 'not_json_content' };
  const text = decode(bytes);
  if (text === undefined) return { kind: 'not_utf8' };
  try {
    return { kind: 'json', value: parseJson(text) };
  } catch (error) {
    if (error instanceof JsonDepthError) return { kind: 'too_deep' };
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { kind: 'invalid_json', message: error.message, offset: countCodePoints(text, error.offset) };
  }
}

/**
 * The text, or undefined for bytes that are not text. `json.loads` detects UTF-16 and UTF-32 by the places of the first
 * NUL bytes (observed).
 */
function decode(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const { length } = bytes;
  const [isNull0, isNull1, isNull23] = [bytes[0] === 0, bytes[1] === 0, bytes[2] === 0 && bytes[3] === 0];
  if ((length < 4 && length !== 2) || (!isNull0 && !isNull1)) return bytes.toString('utf8').replace(/^\ufeff/, '');
  const isBigEndian = isNull0;
  const width = length >= 4 && isNull1 && (isNull0 || isNull23) ? 4 : 2;
  if (length % width !== 0) return undefined;
  const units = Buffer.from(bytes);
  if (isBigEndian) width === 4 ? units.swap32() : units.swap16();
  if (width === 2) return toWellFormed(units.toString('utf16le'));
  const codes = Array.from({ length: length / 4 }, (_, index) => units.readUInt32LE(index * 4));
  if (codes.some((code) => code > 0x10ffff)) return undefined;
  return toWellFormed(codes.map((code) => String.fromCodePoint(code)).join(''));
}

/** Undefined for unpaired surrogates, which a response in UTF-8 cannot contain. */
const toWellFormed = (text: string) => (/\p{Surrogate}/u.test(text) ? undefined : text);

function countCodePoints(text: string, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) {
    count++;
    // Skip the second half of a surrogate pair.
    if ((text.codePointAt(at) ?? 0) > 0xffff) at++;
  }
  return count;
}

/**
 * Whether FastAPI reads such a body as JSON: `application/json` and `application/*+json`, in any letter case and with
 * any parameters, or no header at all. Nothing else is, not even a header that cannot be parsed (observed: it splits the
 * header with the standard library's email parser).
 */
export function isJsonContentType(header: string | undefined): boolean {
  if (header === 'application/json' || header === undefined || header === '') return true;
  const essence = stripWhitespace(header.split(';', 1)[0] ?? '').toLowerCase();
  const [type, subtype = '', ...rest] = essence.split('/');
  return type === 'application' && rest.length === 0 && (subtype === 'json' || subtype.endsWith('+json'));
}
