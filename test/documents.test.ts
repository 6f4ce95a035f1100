import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildDocument, type OpenApiNode } from '../src/http/openapi.ts';
import { readOpenApiDocument } from '../src/server.ts';
import { OURS_AS_30, type Parsed } from './support/conformance.ts';
import { makeFolder } from './support/folder.ts';
import { buildTestApp } from './support/harness.ts';
import { runCli } from './support/process.ts';

const DOCUMENTS = ['/openapi.json', '/docs/openapi.json', '/openapi-3.0.json'];

describe('a document of the API', () => {
  it.each(DOCUMENTS)('%s needs no key, and HEAD is answered too', async (url) => {
    const { send } = await buildTestApp();
    const answer = await send({ method: 'GET', url, authorization: null });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    const head = await send({ method: 'HEAD', url, authorization: null });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([
      200,
      '',
      answer.headers['content-length'],
    ]);
  });

  it.each<[string, string, string[]]>([
    ['a name', 'mock.internal:4030', ['/', 'http://mock.internal:4030']],
    ['an IPv6 address', '[::1]:4030', ['/', 'http://[::1]:4030']],
    ['what may be a key', 'sk_live_abc123def456', ['/']],
    ['what is no host', 'a"b/c', ['/']],
    ['a name with a bad port', 'a:99999', ['/']],
  ])('names the origin of the request beside /: %s', async (_name, host, urls) => {
    const { send } = await buildTestApp();
    for (const url of DOCUMENTS) {
      const { json } = await send({ method: 'GET', url, authorization: null, headers: { host } });
      expect(json.servers.map((server: { url: string }) => server.url)).toEqual(urls);
    }
  });

  it('is the same wherever it is asked for', async () => {
    const { send } = await buildTestApp();
    const [first, second] = await Promise.all(
      ['/openapi.json', '/docs/openapi.json'].map((url) => send({ method: 'GET', url, authorization: null })),
    );
    expect(first?.text).toBe(second?.text);
  });
});

describe('the document as OpenAPI 3.0', () => {
  const document: Parsed = OURS_AS_30;

  /** Every object of the document, with its path; what examples hold is none of them. */
  function* walk(node: unknown, path: string[] = []): Generator<[OpenApiNode, string[]]> {
    if (typeof node !== 'object' || node === null || path.at(-1) === 'value') return;
    yield [node as OpenApiNode, path];
    for (const [name, child] of Object.entries(node)) yield* walk(child, [...path, name]);
  }

  it('is valid', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect([result.valid, result.errors, document.openapi]).toEqual([true, undefined, '3.0.3']);
  });

  it('names every refusal in each operation, for validators that look only there', () => {
    const statuses = Object.values<Parsed>(document.paths).flatMap((operations) =>
      Object.values<Parsed>(operations).map(({ responses }) => Object.keys(responses).join(' ')),
    );
    expect(statuses).toEqual([
      '200 400 401 403 404 405 413 422 429 500 501 503',
      '200 400 401 403 404 405 413 422 429 500 501 503',
      '200 400 405 413 501',
    ]);
  });

  it('has nothing that 3.0 does not know', () => {
    expect(Object.keys(document.info)).toEqual(['title', 'version', 'description', 'license']);
    expect(document.info.license).toEqual({ name: 'MIT' });
    for (const [node, path] of walk(document)) {
      if (path.at(-1) === 'properties') continue;
      const place = path.join('.');
      expect([place, Array.isArray(node.type), node.type === 'null', 'const' in node]).toEqual([
        place,
        false,
        false,
        false,
      ]);
      if ('$ref' in node) expect([place, Object.keys(node)]).toEqual([place, ['$ref']]);
    }
  });

  it('has examples that its schemas accept, and schemas that refuse what the others refuse', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema({ ...document, $id: 'three' });
    const check = (pointer: string, value: unknown) => ajv.getSchema(`three#${pointer}`)?.(value);
    const contents = [...walk(document.paths)].filter(([node]) => 'schema' in node && 'examples' in node);
    expect(contents.length).toBeGreaterThan(15);
    for (const [node, path] of contents) {
      const pointer = ['', 'paths', ...path.map((name) => name.replaceAll('/', '~1')), 'schema'].join('/');
      for (const { value } of Object.values(node.examples as Record<string, Parsed>)) {
        expect([pointer, check(pointer, value)]).toEqual([pointer, true]);
      }
    }
    const update = '/components/schemas/OrganizationUpdateRequest';
    const nothing = { organization_name: null, logo_url: null, billing_email: null, metadata: null, rate_limits: null };
    expect(check(update, nothing)).toBe(true);
    for (const wrong of [{ metadata: 1 }, { billing_email: 'x' }, { rate_limits: { data: 0 } }, { rate_limits: 1 }]) {
      expect([wrong, check(update, wrong)]).toEqual([wrong, false]);
    }
    expect(check('/components/schemas/ErrorDetail', { message: '', type: '', details: null })).toBe(true);
    expect(check('/components/schemas/ValidationError', { loc: ['body', 1], msg: '', type: '' })).toBe(true);
  });

  const Y = z.object({ a: z.string() }).meta({ id: 'Y' });
  const REFERENCE = { $ref: '#/components/schemas/Y' };
  const WHOLE = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };

  it.each<[string, z.ZodType, unknown]>([
    ['const', z.literal('ok'), { type: 'string', enum: ['ok'] }],
    ['a list or null', z.array(z.unknown()).nullable(), { type: 'array', nullable: true, items: {} }],
    ['null alone', z.null(), { type: 'string', nullable: true, enum: [null] }],
    [
      'a text or null',
      z.string().meta({ format: 'email' }).nullish().describe('text'),
      { type: 'string', format: 'email', nullable: true, description: 'text' },
    ],
    ['a reference or null', Y.nullable(), { ...WHOLE, nullable: true }],
    ['a reference or null, described', Y.nullish().describe('text'), { ...WHOLE, nullable: true, description: 'text' }],
    [
      'several alternatives to null',
      z.union([Y, z.string()]).nullable(),
      {
        anyOf: [
          { ...WHOLE, nullable: true },
          { type: 'string', nullable: true },
        ],
      },
    ],
    ['a reference with siblings', Y.describe('text'), { allOf: [REFERENCE], description: 'text' }],
    [
      'a reference to what is read before, with siblings',
      z
        .preprocess((value) => value, z.object({ a: z.string() }))
        .meta({ id: 'Y' })
        .describe('text'),
      { allOf: [REFERENCE], description: 'text' },
    ],
    ['a reference alone', Y, REFERENCE],
    [
      'a reference or null inside of another',
      z.object({ x: z.array(Y.nullable()) }),
      {
        type: 'object',
        properties: { x: { type: 'array', items: { ...WHOLE, nullable: true } } },
        required: ['x'],
      },
    ],
    [
      'bounds that exclude',
      z.number().gt(0).lt(9),
      { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true },
    ],
    [
      'properties with the names of keywords',
      z.object({ const: z.null(), type: z.literal(1), value: z.string().nullable() }),
      {
        type: 'object',
        properties: {
          const: { type: 'string', nullable: true, enum: [null] },
          type: { type: 'number', enum: [1] },
          value: { type: 'string', nullable: true },
        },
        required: ['const', 'type', 'value'],
      },
    ],
  ])('writes %s', (_name, schema, expected) => {
    const route = {
      method: 'GET',
      url: '/x',
      schema: {
        summary: '',
        tags: [],
        response: { 200: { description: '', content: { 'application/json': { schema: z.object({ schema }) } } } },
      },
    };
    const written: Parsed = buildDocument([route], { openapi: '3.0.3', components: {} });
    const { content } = written.paths['/x'].get.responses[200];
    expect(JSON.parse(JSON.stringify(content['application/json'].schema.properties.schema))).toEqual(expected);
  });
});

describe('mixpeek-mock openapi', () => {
  it('prints either version, for a server that a URL names', async () => {
    const print = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(['openapi', ...args], makeFolder());
      return { code, stderr, document: JSON.parse(stdout) };
    };
    const [plain, three, named] = await Promise.all([
      print('--openapi', '3.1'),
      print('--openapi', '3.0'),
      print('--url', 'http://mock.internal:4030/'),
    ]);
    expect(plain.document).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/', description: 'this server' }] });
    expect(three.document).toEqual(JSON.parse(JSON.stringify(readOpenApiDocument('3.0', '0.81'))));
    expect(named).toEqual({
      code: 0,
      stderr: '',
      document: { ...plain.document, servers: [{ url: 'http://mock.internal:4030' }] },
    });
  });

  it.each([
    ['--openapi', '2.0'],
    ['--url', 'ftp://x'],
    ['--url', 'localhost:4030'],
    ['--url', 'http://x/?a'],
    ['--url', 'http://sk_live_abc123def456@x'],
  ])('refuses %s %s', async (flag, value) => {
    const { code, stdout, stderr } = await runCli(['openapi', flag, value], makeFolder());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(flag);
    expect(stderr).not.toContain('sk_live_abc123def456');
  });
});
