import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import type { AddApiRoute, Operation } from '../src/api/routes.ts';
import { buildBareApp } from '../src/http/bare-app.ts';
import { answerLate } from '../src/http/late-app.ts';
import { buildDocument, type DocumentedRoute, describeModel, toAddRoute } from '../src/http/openapi.ts';

const Inner = z.strictObject({ size: z.number() }).meta({ id: 'Inner' });
const Thing = z
  .strictObject({ name: z.string(), inner: Inner, maybe: Inner.nullable(), list: z.array(z.string()).nullable() })
  .meta({ id: 'Thing' });
const Refused = z.strictObject({ message: z.string() }).meta({ id: 'Refused' });
const THING = { name: 'a', inner: { size: 1 }, maybe: null, list: null };

const json = <S extends z.ZodType>(description: string, schema: S, value?: z.input<S>) => ({
  description,
  content: { 'application/json': { schema, ...(value !== undefined && { examples: { example: { value } } }) } },
});
const response = { 200: json('The thing', Thing, THING), 404: json('There is none', Refused) };
const schema = { summary: 'Get it', tags: ['things'], response };
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

describe('the document of routes', () => {
  const build = (...routes: DocumentedRoute[]) =>
    JSON.parse(
      JSON.stringify(buildDocument(routes, { openapi: '3.1.0', components: { headers: {} } }, { api_key_id: 'key_1' })),
    );

  it('has each answer, and a component for each schema with an id: where it stands in another, a reference', () => {
    expect(build({ method: 'GET', url: '/things/:id', schema })).toEqual({
      openapi: '3.1.0',
      paths: {
        '/things/{id}': {
          get: {
            operationId: 'get_things_id',
            summary: 'Get it',
            tags: ['things'],
            responses: {
              200: {
                description: 'The thing',
                content: { 'application/json': { schema: ref('Thing'), examples: { example: { value: THING } } } },
              },
              404: { description: 'There is none', content: { 'application/json': { schema: ref('Refused') } } },
            },
          },
        },
      },
      components: {
        headers: {},
        schemas: {
          Inner: {
            type: 'object',
            properties: { size: { type: 'number' } },
            required: ['size'],
            additionalProperties: false,
          },
          Refused: {
            type: 'object',
            properties: { message: { type: 'string' } },
            required: ['message'],
            additionalProperties: false,
          },
          Thing: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              inner: ref('Inner'),
              maybe: { oneOf: [ref('Inner'), { type: 'null' }] },
              list: { type: ['array', 'null'], items: { type: 'string' } },
            },
            required: ['name', 'inner', 'maybe', 'list'],
            additionalProperties: false,
          },
        },
      },
    });
  });

  it('has parameters of path and query, the body with its examples, and headers by name', () => {
    const route: DocumentedRoute = {
      method: ['PUT', 'HEAD'],
      url: '/things/:id',
      schema: {
        ...schema,
        operationId: 'put_thing',
        description: 'Needs nothing.',
        security: [],
        params: z.object({ id: z.string().describe('Which') }),
        querystring: z.strictObject({ limit: z.string().meta({ type: 'integer' }).default('1') }),
        body: z.strictObject({ key: z.string() }),
        toExamples: ({ api_key_id: apiKeyId }) => ({ one: { summary: 'One', value: { key: apiKeyId } } }),
        response: { 200: { ...json('Done', Refused), headers: ['X-Request-Id'] } },
      },
    };
    const put = {
      operationId: 'put_thing',
      summary: 'Get it',
      description: 'Needs nothing.',
      tags: ['things'],
      security: [],
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' }, description: 'Which' },
        { name: 'limit', in: 'query', schema: { type: 'integer', default: '1' } },
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { key: { type: 'string' } },
              required: ['key'],
              additionalProperties: false,
            },
            examples: { one: { summary: 'One', value: { key: 'key_1' } } },
          },
        },
      },
      responses: {
        200: {
          description: 'Done',
          headers: { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } },
          content: { 'application/json': { schema: ref('Refused') } },
        },
      },
    };
    expect(build(route).paths['/things/{id}']).toEqual({ put });
    const optional = { ...route, schema: { ...route.schema, body: z.strictObject({ key: z.string().optional() }) } };
    expect(build(optional).paths['/things/{id}'].put.requestBody.required).toBe(false);
    expect(build({ ...route, method: 'DELETE' }).paths['/things/{id}'].delete).not.toHaveProperty('requestBody');
  });

  it('is of the routes that a scope is given, under its prefix', async () => {
    const app = buildBareApp({});
    onTestFinished(() => app.close());
    const routes: DocumentedRoute[] = [];
    await app.register(async (scope) => void toAddRoute(scope, routes)('GET', '/things', schema, () => THING), {
      prefix: '/x',
    });
    expect(routes).toEqual([{ method: 'GET', url: '/x/things', schema }]);
    expect((await app.inject('/x/things')).json()).toEqual(THING);
  });
});

describe('the compiler', () => {
  const config: Operation = { permission: 'read', category: 'data', api_name: 'things.get' };
  const add: AddApiRoute = () => {};
  const says = { ...schema, config };

  it('takes a route that says everything, and an answer as it is documented', () => {
    add('GET', '/things', says, () => THING);
    add('GET', '/things', says, async () => THING);
    add('GET', '/things', says, (_request, reply) => void reply.send());
    const params = z.object({ id: z.string() });
    add('GET', '/things', { ...says, params }, (request) => ({ ...THING, name: request.params.id }));
    describeModel<{ a: string | null; b: number }>()({ a: z.string().nullish(), b: z.number() });
  });

  it('refuses anything else', () => {
    // @ts-expect-error an answer that is not the documented one
    add('GET', '/things', says, () => ({ ...THING, name: 1 }));
    // @ts-expect-error an answer without a member
    add('GET', '/things', says, async () => ({ name: 'a' }));
    // @ts-expect-error the answer of another status: it is thrown
    add('GET', '/things', says, () => ({ message: 'there is none' }));
    // @ts-expect-error neither permission, nor category, nor name
    add('GET', '/things', schema, () => THING);
    for (const member of ['permission', 'category', 'api_name'] as const) {
      const { [member]: _, ...rest } = config;
      // @ts-expect-error one of them is missing
      add('GET', '/things', { ...schema, config: rest }, () => THING);
    }
    // @ts-expect-error no summary
    add('GET', '/things', { tags: [], response, config }, () => THING);
    // @ts-expect-error no answer
    add('GET', '/things', { summary: '', tags: [], response: {}, config }, () => THING);
    // @ts-expect-error a model with a member that the schema lacks
    describeModel<{ a: string; b: number }>()({ a: z.string() });
    // @ts-expect-error a schema with a member that the model lacks
    describeModel<{ a: string }>()({ a: z.string(), b: z.number() });
    // @ts-expect-error a member that may be null, which the schema refuses
    describeModel<{ a: string | null }>()({ a: z.string() });
  });
});

describe('an app that is built late', () => {
  function start(build: () => Promise<ReturnType<typeof Fastify>>) {
    const app = Fastify();
    onTestFinished(() => app.close());
    app.addHook('onRequest', async (_request, reply) => void reply.header('x-outer', 'kept'));
    app.register(async (scope) => {
      scope.addHook('onRequest', answerLate(scope, build));
      scope.setNotFoundHandler(() => {});
    });
    return app;
  }

  it('is built once, at the first request, and closed with the other', async () => {
    const told: string[] = [];
    const app = start(async () => {
      told.push('built');
      const late = Fastify();
      late.addHook('onClose', async () => void told.push('closed'));
      return late.post('/late', async ({ body }) => body);
    });
    await app.ready();
    expect(told).toEqual([]);
    const send = () => app.inject({ method: 'POST', url: '/late', payload: { a: 1 } });
    for (const { statusCode, headers, body } of await Promise.all([send(), send()])) {
      expect([statusCode, headers['x-outer'], body]).toEqual([200, 'kept', '{"a":1}']);
    }
    await app.close();
    expect(told).toEqual(['built', 'closed']);
  });

  it('names the request as the other does', async () => {
    const outer = buildBareApp({});
    onTestFinished(() => outer.close());
    const ids: string[] = [];
    const late = async () => buildBareApp({}).get('/late', async ({ id }) => void ids.push(id));
    outer.addHook('onRequest', async ({ id }) => void ids.push(id));
    outer.register(async (scope) => void scope.get('/late', { onRequest: answerLate(scope, late) }, async () => {}));
    await outer.inject('/late');
    await outer.inject({ url: '/late', headers: { 'x-request-id': 'mine' } });
    expect(ids).toEqual([expect.stringMatching(/^req_[0-9a-f]{24}$/), ids[0], 'mine', 'mine']);
  });

  it('that could not be built is tried again at the next request', async () => {
    let tries = 0;
    const app = start(async () => {
      tries++;
      if (tries === 1) throw new Error('not yet');
      return Fastify().get('/late', async () => 'here');
    });
    const answers = [await app.inject('/late'), await app.inject('/late'), await app.inject('/late')];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([500, 200, 200]);
    expect(tries).toBe(2);
  });
});
