import { isUtf8 } from 'node:buffer';
import { stripBlanks } from '../domain/code-points.ts';
import { type JsonValue, parseJson } from './json.ts';
import { JsonDepthError, JsonSyntaxError } from './json-scanner.ts';

/** What a request body turned out to be. */
export type ReceivedBody =
  | { kind: 'missing' }
  | { kind: 'not_json_content' }
  | { kind: 'not_utf8' }
  | { kind: 'invalid_json'; message: string; offset: number }
  | { kind: 'too_deep' }
  | { kind: 'json'; value: JsonValue };

/**
 * Reads a body as FastAPI does; never throws. `offset` counts code points.
 * @param isJson whether the Content-Type says JSON, see {@link isJsonContentType}
 */
export function receiveBody(bytes: Buffer, isJson: boolean): ReceivedBody {
  if (bytes.length === 0) return { kind: 'missing' };
  if (!isJson) return { kind: 'not_json_content' };
  if (!isUtf8(bytes)) return { kind: 'not_utf8' };
  const decoded = bytes.toString('utf8');
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
  try {
    return { kind: 'json', value: parseJson(text) };
  } catch (error) {
    if (error instanceof JsonDepthError) return { kind: 'too_deep' };
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { kind: 'invalid_json', message: error.message, offset: countCodePoints(text, error.offset) };
  }
}

function countCodePoints(text: string, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    // Well-formed UTF-8 gives surrogates in pairs only: the second one of a pair is not counted.
    if (code < 0xdc00 || code > 0xdfff) count++;
  }
  return count;
}

/**
 * Whether FastAPI reads such a body as JSON: `application/json` and `application/*+json`, in any letter case and with
 * any parameters; no header at all too. Any other value, unparsable ones included, is no JSON (observed: it splits the
 * header with the standard library's email parser).
 */
export function isJsonContentType(header: string | undefined): boolean {
  if (header === 'application/json' || header === undefined || header === '') return true;
  const essence = stripBlanks(header.split(';', 1)[0] ?? '').toLowerCase();
  const [type, subtype = '', ...rest] = essence.split('/');
  return type === 'application' && rest.length === 0 && (subtype === 'json' || subtype.endsWith('+json'));
}
