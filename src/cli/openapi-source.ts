import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { codeOf } from '../domain/errors.ts';
import { DocumentError } from '../drift/document.ts';

const MiB = 1024 * 1024;
/** More than the whole document of a large API. */
const MAX_BYTES = 16 * MiB;
/** Reading YAML takes six times as long as JSON, and eighty times its size in memory. */
const MAX_YAML_BYTES = 4 * MiB;
/** How long a URL may take to answer, to the last byte, in milliseconds. */
const MAX_MS = 30_000;

/**
 * The parsed text of a file, of a URL, or for `-` of standard input.
 * @throws {DocumentError}
 */
export async function readOpenApiSource(source: string, milliseconds = MAX_MS): Promise<unknown> {
  const bytes = await readBytes(source, milliseconds);
  if (!isUtf8(bytes)) throw new DocumentError('is not in UTF-8: save it in that encoding');
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const start = text.trimStart().charAt(0);
  if (start === '') throw new DocumentError('is empty');
  if (start === '<') throw new DocumentError('is a web page or XML, not JSON or YAML: give the document itself');
  if (start !== '{' && start !== '[') return readYaml(text, bytes.length);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DocumentError(`is not JSON: ${codeOf(error)}`);
  }
}

async function readYaml(text: string, length: number): Promise<unknown> {
  if (length > MAX_YAML_BYTES) {
    throw new DocumentError(`is YAML of more than ${MAX_YAML_BYTES / MiB} MiB: give it in JSON, which is read faster`);
  }
  // The YAML parser takes longer to load than everything else that is needed here.
  const { readYamlDocument } = await import('./yaml-document.ts');
  return readYamlDocument(text);
}

function readBytes(source: string, milliseconds: number): Promise<Buffer> {
  if (source === '') throw new DocumentError('expected a URL, a path, or - for standard input');
  if (source === '-') return collect(process.stdin);
  if (/^https?:\/\//i.test(source)) return fetchBytes(source, milliseconds);
  if (/^[a-z][a-z+.-]+:\/\//i.test(source)) throw new DocumentError('expected a URL of http or https, or a path');
  return collect(createReadStream(source)).catch((error) => {
    if (error instanceof DocumentError) throw error;
    const code = codeOf(error);
    const problem = code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new DocumentError(code === 'ENOENT' ? 'there is no such file' : problem);
  });
}

async function fetchBytes(url: string, milliseconds: number): Promise<Buffer> {
  if (!URL.canParse(url)) throw new DocumentError('is not a URL');
  const { username, password } = new URL(url);
  if (username !== '' || password !== '') {
    throw new DocumentError('a user in a URL is not supported: save the document, and give the file');
  }
  let response: Response;
  try {
    const headers = { accept: 'application/json, application/yaml, */*' };
    response = await fetch(url, { headers, signal: AbortSignal.timeout(milliseconds) });
    if (response.ok) return await collect(response.body ?? []);
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    throw new DocumentError(
      `does not answer (${toReason(error, milliseconds)}): is the URL right, and the network there?`,
    );
  }
  await response.body?.cancel();
  throw new DocumentError(`answers ${response.status}: is it the URL of the document?`);
}

/** The reason why fetch failed is the cause of its error. */
function toReason(error: unknown, milliseconds: number): string {
  const { name, cause } = error instanceof Error ? error : new Error(String(error));
  return name === 'TimeoutError' ? `not within ${milliseconds / 1000} s` : codeOf(cause ?? error);
}

async function collect(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new DocumentError(`is larger than ${MAX_BYTES / MiB} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
