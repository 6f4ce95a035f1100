import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import { createMockServer, type MockServerOptions } from '../../src/index.ts';
import { stateHandlers } from '../../src/kit/pact.ts';

const DEMO_KEY = 'sk_live_abc123def456';
const DEMO = { api_key: DEMO_KEY, organization_id: 'org_demo123' };

async function start(options: MockServerOptions = {}) {
  const server = await createMockServer(options);
  onTestFinished(() => server.close());
  const statusOf = async (key: string) =>
    (await fetch(`${server.url}/v1/organizations`, { headers: { authorization: `Bearer ${key}` } })).status;
  return { server, statusOf };
}

const handlerOf = (handlers: ReturnType<typeof stateHandlers>, state: string) => {
  const handler = handlers[state];
  if (handler === undefined) throw new Error('there is one for every name');
  return handler;
};

describe('stateHandlers', () => {
  it('has a handler for each state, which sets it and gives its values', async () => {
    const { server, statusOf } = await start();
    const handlers = stateHandlers(server.url);
    expect(await handlerOf(handlers, 'the key is revoked')()).toEqual(DEMO);
    expect(await statusOf(DEMO_KEY)).toBe(401);
    const params = { key: 'sk_test_pact', permission: 'read' };
    expect(await handlerOf(handlers, 'an API key exists')(params)).toEqual({ ...DEMO, api_key: 'sk_test_pact' });
    expect([await statusOf('sk_test_pact'), await statusOf(DEMO_KEY)]).toEqual([200, 200]);
    expect(await handlerOf(handlers, '')({})).toEqual(DEMO);
    expect(await statusOf('sk_test_pact')).toBe(401);
  });

  it('rejects an unknown state with those that there are, and wrong params by their names', async () => {
    const { server } = await start({ logLevel: 'silent' });
    const handlers = stateHandlers(server.url);
    await expect(handlerOf(handlers, 'the key is revokd')()).rejects.toThrow(
      /^POST \/pact\/provider-states: 404 Unknown .*'the key is revokd': did you mean 'the key is revoked'\? there are '/,
    );
    await expect(handlerOf(handlers, 'an API key exists')({ permission: 'owner' })).rejects.toThrow(
      'POST /pact/provider-states: 422 params.permission: expected one of read, write, delete, admin',
    );
  });

  it('sends the token, and names a sandbox', async () => {
    const { server, statusOf } = await start({ controlToken: 'very-secret' });
    await expect(handlerOf(stateHandlers(server.url), '')()).rejects.toThrow('401');
    const { sandboxId, organizationId, apiKey } = await server.createSandbox();
    const handlers = stateHandlers(server.url, { controlToken: 'very-secret', sandbox: sandboxId });
    const revoked = await handlerOf(handlers, 'the key is revoked')({ api_key: apiKey });
    expect(revoked).toEqual({ api_key: apiKey, organization_id: organizationId });
    expect([await statusOf(apiKey), await statusOf(DEMO_KEY)]).toEqual([401, 200]);
  });

  it('reads URL and token from variables, and demands a URL', async () => {
    const { server } = await start({ controlToken: 'very-secret' });
    vi.stubEnv('MIXPEEK_MOCK_URL', server.url);
    vi.stubEnv('MIXPEEK_MOCK_CONTROL_TOKEN', 'very-secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await handlerOf(stateHandlers(), '')()).toEqual(DEMO);
    vi.stubEnv('MIXPEEK_MOCK_URL', undefined);
    expect(() => stateHandlers()).toThrow('MIXPEEK_MOCK_URL is not set');
  });

  it('can be printed, awaited and written as JSON, and nothing is set by that', async () => {
    const handlers = stateHandlers('http://localhost:1');
    expect(await handlers).toBe(handlers);
    expect([JSON.stringify({ handlers }), inspect(handlers), `${handlers[Symbol.iterator as never]}`]).toEqual([
      '{"handlers":{}}',
      '{}',
      'undefined',
    ]);
  });

  /** As pact-js 16 has them. */
  type AnyJson = boolean | number | string | null | AnyJson[] | { [key: string]: AnyJson };
  type StateFunc = (parameters?: AnyJson) => Promise<{ [key: string]: AnyJson } | undefined>;
  type StateHandlers = { [name: string]: StateFunc | { setup?: StateFunc; teardown?: StateFunc } };

  it('is what the types of pact-js want', () => {
    expectTypeOf(stateHandlers).returns.toExtend<StateHandlers>();
  });
});
