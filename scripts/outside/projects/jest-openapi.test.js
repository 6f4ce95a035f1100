const { request } = require('node:http');
const { default: jestOpenAPI } = require('jest-openapi');

const url = process.env.MOCK_URL;
const key = (name) => ({ authorization: `Bearer ${name}` });
const KEY = 'sk_live_abc123def456';
const json = { 'content-type': 'application/json' };

/** Over a socket of its own, so that Host can be left out. */
function ask(method, path, headers = {}, body = undefined) {
  const options = {
    method,
    headers: { ...key(KEY), connection: 'close', ...headers },
    setHost: headers.host !== '',
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url + path, options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, data: JSON.parse(text) }));
    });
    if (headers.host === '') sent.removeHeader('host');
    sent.on('error', reject).end(body);
  });
}

const PATH = '/v1/organizations';
const spend = () =>
  ask('POST', '/_mock/sandboxes/default/limits/spend', json, `{"api_key":"${KEY}","category":"metadata","count":90}`);

beforeAll(async () => {
  jestOpenAPI((await ask('GET', '/openapi-3.0.json')).data);
});

// A refusal that one method meets is held against the other too: tools look a status up in the operation that they sent.
test.each([
  [200, () => ask('GET', PATH)],
  [200, () => ask('PATCH', PATH, json, '{"rate_limits":null,"logo_url":null,"metadata":{"a":1}}')],
  [400, () => ask('GET', PATH, { host: '' })],
  [401, () => ask('GET', PATH, key('sk_test_unknown'))],
  [403, () => ask('PATCH', PATH, { ...json, ...key('sk_test_readonly') }, '{}')],
  [405, () => ask('POST', PATH, json, '{}')],
  [413, () => ask('PATCH', PATH, json, ' '.repeat(1024 * 1024 + 1))],
  [422, () => ask('PATCH', PATH, json, '{"rate_limits":{"search":0},"billing_email":1}')],
  [501, () => ask('GET', '/v1/namespaces')],
  [
    429,
    () =>
      spend()
        .then(() => Promise.all(Array.from({ length: 20 }, () => ask('GET', PATH))))
        .then((all) => all.at(-1)),
  ],
  // Documented for the real service: here only a path outside of the API has it.
  [404, () => ask('GET', '/nope')],
])('%i', async (status, send) => {
  const answer = await send();
  expect(answer.status).toBe(status);
  for (const method of ['GET', 'PATCH']) {
    expect({ ...answer, request: { method, path: PATH } }).toSatisfyApiSpec();
  }
});

test('what the document does not allow', async () => {
  const { status, data } = await ask('GET', PATH, key('sk_test_xyz789'));
  const request = { method: 'GET', path: PATH };
  expect({ status, data: { ...data, credit_count: 'many' }, request }).not.toSatisfyApiSpec();
  expect({ status: 418, data, request }).not.toSatisfyApiSpec();
});
