import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { buildCharge } from '../../src/api/rate-limit.ts';
import type { AddApiRoute } from '../../src/api/routes.ts';
import { buildBareApp } from '../../src/http/bare-app.ts';
import { handleError } from '../../src/http/envelope.ts';
import { toAddRoute } from '../../src/http/openapi.ts';
import { ADMIN, buildTestApp } from '../support/harness.ts';

it('a route is charged to its category and named by its api_name', async () => {
  const { sandboxes } = await buildTestApp({ limits: 'enforce' });
  const found = await sandboxes.findCaller(ADMIN);
  if (found === undefined || !('apiKey' in found)) throw new Error('the key is of the seed');
  const caller = { ...found, organization: { ...found.organization, rate_limits_override: { search: 1 } } };
  const app = buildBareApp({});
  onTestFinished(() => app.close());
  app.setErrorHandler(handleError);
  app.addHook('onRequest', async ({ exchange }) => Object.assign(exchange, { caller }));
  app.addHook('onRequest', buildCharge(false));
  const add: AddApiRoute = toAddRoute(app, []);
  const schema = z.object({});
  add(
    'GET',
    '/found',
    {
      summary: 'Find',
      tags: [],
      config: { permission: 'read', category: 'search', api_name: 'things.find' },
      response: { 200: { description: '', content: { 'application/json': { schema } } } },
    },
    () => ({}),
  );
  expect((await app.inject('/found')).headers['x-ratelimit-limit']).toBe('1');
  const { statusCode, headers, body } = await app.inject('/found');
  expect([statusCode, JSON.parse(body).error.details]).toEqual([
    429,
    { limit: 1, window: '1m', retry_after: 60, category: 'search', api_name: 'things.find' },
  ]);
  expect(headers['x-mixpeek-mock-hint']).toBe('wait 60 s; --limits headers never refuses');
});
