import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import type { OpenApiNode } from '../src/http/openapi.ts';
import { toOpenApi30 } from '../src/http/openapi-3-0.ts';
import { OURS, type Parsed } from './support/conformance.ts';
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
  const document = JSON.parse(JSON.stringify(toOpenApi30(OURS))) as Parsed;

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

  it.each<[string, unknown, unknown]>([
    ['const', { type: 'string', const: 'ok' }, { type: 'string', enum: ['ok'] }],
    ['a list of types', { type: ['array', 'null'], items: {} }, { type: 'array', nullable: true, items: {} }],
    [
      'several types',
      { type: ['string', 'integer', 'null'] },
      {
        anyOf: [
          { type: 'string', nullable: true },
          { type: 'integer', nullable: true },
        ],
      },
    ],
    ['null alone', { type: 'null' }, { type: 'object', nullable: true, enum: [null] }],
    [
      'one alternative to null',
      { anyOf: [{ type: 'string', format: 'email' }, { type: 'null' }], description: 'text' },
      { type: 'string', format: 'email', nullable: true, description: 'text' },
    ],
    [
      'a reference or null',
      { anyOf: [{ $ref: '#/components/schemas/Y' }, { type: 'null' }] },
      { type: 'object', properties: { a: { type: 'string' } }, nullable: true },
    ],
    [
      'several alternatives to null',
      { anyOf: [{ $ref: '#/components/schemas/Y' }, { type: 'string' }, { type: 'null' }] },
      {
        anyOf: [
          { type: 'object', properties: { a: { type: 'string' } }, nullable: true },
          { type: 'string', nullable: true },
        ],
      },
    ],
    [
      'a reference with siblings',
      { $ref: '#/components/schemas/Y', description: 'text' },
      { allOf: [{ $ref: '#/components/schemas/Y' }], description: 'text' },
    ],
    ['a reference alone', { $ref: '#/components/schemas/Y' }, { $ref: '#/components/schemas/Y' }],
    ['a list of examples', { type: 'string', examples: ['a', 'b'] }, { type: 'string', example: 'a' }],
    [
      'bounds that exclude',
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 9 },
      { type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true },
    ],
    [
      'properties with the names of keywords',
      {
        type: 'object',
        properties: { const: { type: 'null' }, type: { const: 1 }, value: { type: ['string', 'null'] } },
      },
      {
        type: 'object',
        properties: {
          const: { type: 'object', nullable: true, enum: [null] },
          type: { enum: [1] },
          value: { type: 'string', nullable: true },
        },
      },
    ],
  ])('writes %s', (_name, schema, expected) => {
    const Y = { type: 'object', properties: { a: { type: 'string' } } };
    const { components } = toOpenApi30({ info: { license: {} }, paths: {}, components: { schemas: { X: schema, Y } } });
    expect((components as Parsed).schemas.X).toEqual(expected);
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
    expect(three.document).toEqual(JSON.parse(JSON.stringify(toOpenApi30(plain.document))));
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
