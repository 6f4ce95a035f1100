import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { checkDocument } from '../../src/cli/check-document.ts';
import { readOpenApiSource } from '../../src/cli/openapi-source.ts';
import { escapeControls } from '../../src/domain/text.ts';
import { type Parsed, STRUCTURES } from '../support/conformance.ts';
import { makeFolder } from '../support/folder.ts';
import { runCli } from '../support/process.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const publishedOn = (day: string) => join(project, `test/fixtures/published-${day}.json`);
const ABSENT = ['auto_billing_enabled', 'billing_cycle_start', 'current_month_usage'];
const LINES = ABSENT.map(
  (member) => `GET and PATCH /v1/organizations: 200: member ${member} is gone; this mock still answers with it\n`,
).join('');
const UNCHANGED = { code: 0, stdout: '', stderr: '' };

const check = (openapi: string, ...args: string[]) => runCli(['check', '--openapi', openapi, ...args], makeFolder());

/** The same in this process: lines where something changed, else what is wrong with the document. */
async function compare(openapi: string): Promise<string[] | string> {
  const checked = await checkDocument(openapi, STRUCTURES['0.81']);
  return 'problem' in checked ? checked.problem : checked.lines;
}

/** A file of the test's own. */
function writeDocument(content: unknown): string {
  const file = join(makeFolder(), 'openapi');
  writeFileSync(file, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return file;
}

/** A published structure with a change. */
function change(make: (document: Parsed) => unknown): Parsed {
  const document = structuredClone(STRUCTURES['0.81']);
  make(document);
  return document;
}
const setModel = (schema: unknown, more: object = {}) =>
  change(({ components }) => Object.assign(components.schemas, { OrganizationModelResponse: schema }, more));
const toRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The URL of a server that answers like this. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/openapi.json`;
}

describe('mixpeek-mock check', () => {
  it('says nothing where nothing changed', async () => {
    expect(await check(publishedOn('2026-02-16'))).toEqual(UNCHANGED);
    for (const version of ['0.81', '0.82']) {
      expect(await check(join(project, `structures/${version}.json`), '--api-version', version)).toEqual(UNCHANGED);
    }
  });

  it('prints a line for each change, with exit code 1', async () => {
    expect(await check(publishedOn('2026-01-10'))).toEqual({ code: 1, stdout: LINES, stderr: '' });
  });

  it('prints a list in JSON', async () => {
    const unchanged = await check(publishedOn('2026-02-16'), '--json');
    expect(unchanged).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    const { code, stdout, stderr } = await check(publishedOn('2026-01-10'), '--json');
    expect([code, stderr]).toEqual([1, '']);
    const words = ['boolean, optional, default false', 'integer, optional, default 1', 'integer, optional, default 0'];
    expect(JSON.parse(stdout)).toEqual(
      ABSENT.map((name, index) => ({
        places: ['GET', 'PATCH'].map((method) => ({ operation: `${method} /v1/organizations`, part: '200' })),
        member: null,
        kind: 'removed',
        subject: 'member',
        name,
        before: words[index],
        now: null,
        text: `GET and PATCH /v1/organizations: 200: member ${name} is gone`,
        meaning: 'this mock still answers with it',
        is_mock_wrong: true,
      })),
    );
  });

  it('says where a document calls itself another version', async () => {
    const { code, stdout, stderr } = await check(join(project, 'structures/0.82.json'));
    const hint = 'the document calls itself 0.82: --api-version 0.82 compares it with that';
    expect([code, stdout.split('\n').length, stderr]).toEqual([1, 11, `mixpeek-mock: ${hint}\n`]);
    const unchanged = change(({ info }) => Object.assign(info, { version: '0.82.1' }));
    expect(await check(writeDocument(unchanged))).toEqual(UNCHANGED);
  });

  it('reads YAML, a byte order mark, and standard input', async () => {
    expect(await compare(writeDocument(stringify(STRUCTURES['0.81'])))).toEqual([]);
    expect(await compare(writeDocument(stringify(STRUCTURES['0.81'], { aliasDuplicateObjects: true })))).toEqual([]);
    expect(await compare(writeDocument(`\ufeff${JSON.stringify(STRUCTURES['0.81'])}`))).toEqual([]);
    const withNumber = stringify({ ...STRUCTURES['0.81'], openapi: 3.1 });
    expect(await compare(writeDocument(withNumber))).toEqual([]);
    const input = JSON.stringify(STRUCTURES['0.81']);
    const args = [join(project, 'dist/cli.cjs'), 'check', '--openapi', '-'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' });
    expect({ code: status, stdout, stderr }).toEqual(UNCHANGED);
  });

  it('reads a URL, also behind a redirect', async () => {
    const url = await serve(({ url }, response) => {
      if (url === '/openapi.json') response.writeHead(302, { location: '/v2.json' }).end();
      else response.end(JSON.stringify(STRUCTURES['0.81']));
    });
    expect(await compare(url)).toEqual([]);
  });

  it('escapes what a terminal would obey', async () => {
    const name = '\u001b[31m\n\u202ex';
    const document = change(({ components }) => {
      components.schemas.OrganizationModelResponse.properties[name] = { type: 'string', default: '\u009b2J\u0007' };
    });
    const shown = '\\u001b[31m\\n\\u202ex';
    const { stdout } = await check(writeDocument(document));
    expect(stdout).toBe(
      `GET and PATCH /v1/organizations: 200: new member ${shown} (string, optional, default "\\u009b2J\\u0007"); this mock answers without it\n`,
    );
    const { stdout: json } = await check(writeDocument(document), '--json');
    expect(json).toBe(escapeControls(json, '\n'));
    expect(JSON.parse(json)[0].name).toBe(name);
  });
});

const ADVICE = "is it the document of Mixpeek's API?";

describe('a document that cannot be compared is one line, with exit code 2:', () => {
  it.each<[string, unknown, string]>([
    ['nothing', '\n', 'is empty'],
    ['a text', 'hello', 'is not an OpenAPI document: expected an object with openapi and paths'],
    ['a web page', '<!doctype html>', 'is a web page or XML, not JSON or YAML: give the document itself'],
    ['bytes', Buffer.from([0x7b, 0xff]), 'is not in UTF-8: save it in that encoding'],
    ['a list', [], 'is not an OpenAPI document: expected an object with openapi and paths'],
    ['half of a YAML text', 'openapi: "3.1.0\n', 'is not YAML: line 2: Missing closing "quote'],
    ['two YAML texts', 'a: 1\n---\nb: 2\n', 'has several YAML documents: expected one'],
    ['another object', {}, 'is not an OpenAPI 3 document: its member openapi does not begin with 3'],
    ['Swagger', { swagger: '2.0' }, 'is a Swagger 2.0 document: convert it to OpenAPI 3 first'],
    ['no paths', { openapi: '3.1.0' }, `has no path /v1/organizations: ${ADVICE} It has no paths`],
    [
      'another API',
      { openapi: '3.1.0', paths: { '/pets': {}, '/v1/organizations/users': {} } },
      `has no path /v1/organizations: ${ADVICE} It has /pets, /v1/organizations/users`,
    ],
    [
      'a path that is renamed',
      { openapi: '3.1.0', paths: { '/v1/organisations': {} } },
      'has no path /v1/organizations, but /v1/organisations: was it renamed? This mock serves the former path',
    ],
    [
      'a reference that leads nowhere',
      change(({ components }) => delete components.schemas.ErrorDetail),
      'has a reference that leads nowhere, #/components/schemas/ErrorDetail: is the file whole?',
    ],
    [
      'a reference that leads nowhere, of members with names of another meaning',
      setModel({ properties: { default: { properties: { description: toRef('Nowhere') } } } }),
      'has a reference that leads nowhere, #/components/schemas/Nowhere: is the file whole?',
    ],
    ['an anchor', setModel({ $ref: '#model' }), 'has a reference that leads nowhere, #model: is the file whole?'],
    [
      'a reference to another document',
      setModel({ $ref: 'https://elsewhere.example/x.json#/a' }),
      'refers to another document, https://elsewhere.example/x.json#/a: bundle it into one document first, for example with `npx @redocly/cli bundle`',
    ],
    [
      'a component that is itself',
      setModel(toRef('OrganizationModelResponse')),
      'has a component that consists of itself: #/components/schemas/OrganizationModelResponse',
    ],
    [
      'components that are each other',
      setModel(
        { anyOf: [toRef('Other'), { type: 'null' }] },
        { Other: { allOf: [toRef('OrganizationModelResponse')] } },
      ),
      'has a component that consists of itself: #/components/schemas/OrganizationModelResponse',
    ],
    [
      'components that double',
      setModel(
        toRef('C0'),
        Object.fromEntries(
          Array.from({ length: 40 }, (_, i) => [`C${i}`, { allOf: [toRef(`C${i + 1}`), toRef(`C${i + 1}`)] }]).concat([
            ['C40', { type: 'object' }],
          ] as never),
        ),
      ),
      'expands to too much: its components repeat each other too often',
    ],
    [
      'a long way of references',
      setModel(
        toRef('C0'),
        Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`C${i}`, i === 59 ? {} : toRef(`C${i + 1}`)])),
      ),
      'has more than 50 references in a row, the last of them #/components/schemas/C49',
    ],
    [
      'a deep schema',
      JSON.stringify(STRUCTURES['0.81']).replace(
        '"credit_count":{',
        `"deep":${'{"items":'.repeat(100_000)}{}${'}'.repeat(100_000)},"credit_count":{`,
      ),
      'is nested deeper than 200 levels',
    ],
    [
      'a deep default',
      JSON.stringify(STRUCTURES['0.81']).replace(
        '"credit_count":{',
        `"credit_count":{"default":${'['.repeat(100_000)}${']'.repeat(100_000)},`,
      ),
      'is nested deeper than 200 levels',
    ],
    ['deep YAML', `a: ${'['.repeat(100_000)}`, 'is nested deeper than 200 levels'],
    ['YAML that contains itself', 'a: &a [*a]', 'has an alias *a that repeats nothing, or itself'],
    ['YAML that repeats what there is not', 'a: *b', 'has an alias *b that repeats nothing, or itself'],
    ['many aliases', `a: &a 1\nb: [${Array(101).fill('*a').join(', ')}]`, 'has more than 100 aliases: give it in JSON'],
    [
      'much YAML',
      `a: ${'x'.repeat(5 * 1024 * 1024)}`,
      'is YAML of more than 4 MiB: give it in JSON, which is read faster',
    ],
    ['20 MB', `{"a":"${'x'.repeat(20_000_000)}"}`, 'is larger than 16 MiB'],
  ])('%s', async (_name, content, message) => {
    const problem = await compare(writeDocument(content));
    expect(problem).toEqual(expect.stringContaining(message));
    expect(problem).not.toContain('\n');
  });

  it('half of a JSON text', async () => {
    const file = writeDocument('{"openapi":\n');
    const { code, stdout, stderr } = await check(file);
    expect([code, stdout, stderr.trimEnd().split('\n')]).toEqual([
      2,
      '',
      [expect.stringContaining(`mixpeek-mock: --openapi: ${file}: is not JSON: `)],
    ]);
  });

  it.each([
    ['', "'': expected a URL, a path, or - for standard input"],
    ['/nonexistent.json', '/nonexistent.json: there is no such file'],
    ['/', '/: is a folder'],
    ['ftp://a.example/x', 'ftp://a.example/x: expected a URL of http or https, or a path'],
    ['http://', 'http://: is not a URL'],
    [
      'http://me:secret@a.example/',
      'http://…@a.example/: a user in a URL is not supported: save the document, and give the file',
    ],
    [
      'http://127.0.0.1:1/x',
      'http://127.0.0.1:1/x: does not answer (bad port): is the URL right, and the network there?',
    ],
    ['/\u001b[31m', '/\\u001b[31m: there is no such file'],
  ])('%s', async (source, message) => {
    expect(await check(source)).toEqual({ code: 2, stdout: '', stderr: `mixpeek-mock: --openapi: ${message}\n` });
  });

  it('a URL where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const url = `http://127.0.0.1:${port}/x`;
    await expect(readOpenApiSource(url)).rejects.toThrow('does not answer (ECONNREFUSED)');
  });

  it('a URL that answers something else', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end('{}'));
    expect(await check(url)).toEqual({
      code: 2,
      stdout: '',
      stderr: `mixpeek-mock: --openapi: ${url}: answers 404: is it the URL of the document?\n`,
    });
  });

  it.each<[string, RequestListener, string]>([
    ['never answers', () => {}, 'does not answer (not within 0.2 s)'],
    ['never ends', (_request, response) => response.write('{'), 'does not answer (not within 0.2 s)'],
    ['breaks off', (_request, response) => response.write('{', () => response.destroy()), 'does not answer ('],
    [
      'redirects for ever',
      (_request, response) => response.writeHead(302, { location: '/' }).end(),
      'does not answer (',
    ],
  ])('a URL that %s', async (_name, listener, message) => {
    await expect(readOpenApiSource(await serve(listener), 200)).rejects.toThrow(message);
  });

  it('a URL that sends without end', async () => {
    const url = await serve((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      const write = () => response.writable && response.write(chunk, write);
      write();
    });
    await expect(readOpenApiSource(url)).rejects.toThrow('is larger than 16 MiB');
  });
});

it('what means nothing to programs may be anything: cycles, names of every object, members of other kinds', async () => {
  const document = change(({ paths, components }) => {
    const { properties } = components.schemas.OrganizationModelResponse;
    Object.assign(paths['/v1/organizations'].get, { description: { deep: [] }, tags: 5, 'x-a': toRef('Nowhere') });
    properties.metadata.example = toRef('Nowhere');
    properties.metadata.description = '$ref';
    components.schemas.Loop = toRef('Loop');
    Object.assign(paths['/v1/organizations'].get.responses[200], { links: toRef('Nowhere') });
  });
  const text = JSON.stringify(document).replace('"info":{', '"__proto__":{"openapi":"2"},"constructor":1,"info":{');
  expect(await compare(writeDocument(text))).toEqual([]);
});

it('components that contain each other, and a default that looks like a reference, are read once', async () => {
  const tree = { type: 'object', properties: { units: { type: 'array', items: toRef('Unit') } } };
  const document = change(({ components: { schemas } }) => {
    schemas.Unit = {
      ...tree,
      properties: { ...tree.properties, parent: { anyOf: [toRef('Unit'), { type: 'null' }] } },
    };
    schemas.OrganizationModelResponse.properties.unit = { ...toRef('Unit'), default: toRef('Nowhere') };
  });
  const words = 'object, optional, default {"$ref":"#/components/schemas/Nowhere"}';
  expect(await compare(writeDocument(document))).toEqual([
    `GET and PATCH /v1/organizations: 200: new member unit (${words}); this mock answers without it`,
  ]);
});

it('members of the wrong kind are members that are gone, not an error', async () => {
  const document = change(({ paths }) => {
    Object.assign(paths['/v1/organizations'], { get: { parameters: 5, responses: [] }, patch: 7 });
  });
  expect(await compare(writeDocument(document))).toEqual(
    expect.arrayContaining([
      'GET /v1/organizations: status 200 is gone; this mock may still answer it',
      'PATCH /v1/organizations: operation is gone; this mock still serves it',
    ]),
  );
});
