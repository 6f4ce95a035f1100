import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { codeOf, incomplete } from '../domain/errors.ts';
import { wantsPage } from '../http/wants-page.ts';

const ROOT = '/_mock';
const PAGE = 'index.html';
/** The files of the page, and their types. */
const TYPES: Record<string, string> = {
  [PAGE]: 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/**
 * The page runs only the script that came with it, and sends what it knows nowhere else. Trusted Types make it an exception to
 * put recorded bytes into the page as HTML.
 */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
};

interface PageFile {
  bytes: Buffer;
  etag: string;
}
type PageFiles = Map<string, PageFile>;

/**
 * Serves the inspector under `/_mock/`, and to browsers under `/_mock`. Hooks that are added later, the guard above all, do not
 * hear of these requests: the files are the same for everybody and hold no data, no key and no token. What the page shows it
 * asks for like any other client.
 * @param folder where the build put the files; they are read when somebody first asks for one
 */
export function addInspector(app: FastifyInstance, folder: string): void {
  let files: Promise<PageFiles> | undefined;
  const read = (): Promise<PageFiles> => {
    files ??= readFiles(folder);
    files.catch(() => {
      files = undefined;
    });
    return files;
  };
  app.addHook('onRequest', async (request, reply) => {
    const name = findFile(request);
    if (name === undefined) return undefined;
    const file = (await read()).get(name);
    return file && sendFile(request, reply, TYPES[name] ?? '', file);
  });
  // The hook answers them; as routes they have methods.
  for (const name of Object.keys(TYPES)) if (name !== PAGE) app.get(`${ROOT}/${name}`, async () => {});
}

/** The file that a request asks for, if any. */
function findFile(request: FastifyRequest): string | undefined {
  const { url: route = '' } = request.routeOptions;
  if (route === ROOT) {
    const [path = ''] = request.url.split('?', 1);
    return path.endsWith('/') || wantsPage(request) ? PAGE : undefined;
  }
  const name = route.slice(ROOT.length + 1);
  return route === `${ROOT}/${name}` && Object.hasOwn(TYPES, name) ? name : undefined;
}

function sendFile(request: FastifyRequest, reply: FastifyReply, type: string, { bytes, etag }: PageFile): FastifyReply {
  reply.headers({ ...HEADERS, etag });
  const { 'if-none-match': known = '' } = request.headers;
  const isKnown = known.split(',').some((one) => ['*', etag, `W/${etag}`].includes(one.trim()));
  return isKnown ? reply.code(304).send() : reply.header('content-type', type).send(bytes);
}

async function readFiles(folder: string): Promise<PageFiles> {
  const readOne = async (name: string): Promise<[string, PageFile]> => {
    const bytes = await readFile(join(folder, name));
    return [name, { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }];
  };
  try {
    return new Map(await Promise.all(Object.keys(TYPES).map(readOne)));
  } catch (error) {
    const hint = `its files, in dist/inspector, cannot be read (${codeOf(error)}): npm run build makes them`;
    throw incomplete('This build has no inspector', hint);
  }
}
