import { expect, it } from 'vitest';
import { BODY_LIMIT } from '../../src/http/envelope.ts';
import { buildTestApp } from '../support/harness.ts';

// Each row is wrong in two ways at once: the one that is checked first is answered.
it.each([
  ['bad key before wrong method', 'POST', '/v1/organizations', 'Bearer x', '', 401],
  ['bad key before unknown path', 'GET', '/v1/nope', 'Bearer x', '', 401],
  ['bad key before bad body', 'PATCH', '/v1/organizations', 'Bearer x', '{', 401],
  ['bad key before large body', 'PATCH', '/v1/organizations', 'Bearer x', 'large', 401],
  ['permission before large body', 'PATCH', '/v1/organizations', 'Bearer sk_test_readonly', 'large', 403],
  ['permission before bad body', 'PATCH', '/v1/organizations', 'Bearer sk_test_readonly', '{', 403],
  ['wrong method before permission', 'DELETE', '/v1/organizations', 'Bearer sk_test_readonly', '', 405],
  ['unknown path before permission', 'DELETE', '/v1/nope', 'Bearer sk_test_readonly', '', 501],
  ['large body before bad bytes', 'PATCH', '/v1/organizations', 'Bearer sk_test_xyz789', 'large', 413],
  ['wrong method before large body', 'POST', '/v1/organizations', 'Bearer sk_test_xyz789', 'large', 405],
  ['unknown path before large body', 'POST', '/v1/nope', 'Bearer sk_test_xyz789', 'large', 501],
  ['foreign path before large body', 'POST', '/nope', 'Bearer x', 'large', 404],
  ['bad URL before bad key', 'GET', '/v1/%zz', 'Bearer x', '', 400],
])('%s', async (_name, method, url, authorization, body, status) => {
  const { send } = await buildTestApp();
  const payload = body === 'large' ? Buffer.alloc(BODY_LIMIT + 1, 0xff) : body;
  const answer = await send({ method: method as 'PATCH', url, authorization, payload });
  expect(answer.status).toBe(status);
});
