import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../src/kit/client.ts';
import type { FaultRule } from '../src/kit/fault-models.ts';
import { startServer } from '../src/server.ts';
import { readOptions } from '../src/settings.ts';
import { get, rename } from './support/handle.ts';

/** A strict server in this process, a client of its control plane, and its first key. */
async function startStrict(options: Record<string, unknown> = {}) {
  const config = readOptions({ port: 0, db: ':memory:', logLevel: 'silent', ...options });
  const server = await startServer(config, undefined, true);
  onTestFinished(() => server.close());
  const apiKey = (await server.findKey('admin')) ?? '';
  return { server, mock: connect({ url: server.url }), first: { apiUrl: `${server.url}/v1`, apiKey } };
}

const RULE: FaultRule = { id: 'flt_put', match: { method: 'PUT' }, status: 503 };
const NEVER = 'a fault rule never fired: {"id":"flt_put","match":{"method":"PUT"},"status":503}';
const SEED = { version: 1, organizations: [{ organization_id: 'org_a', api_keys: [{ key: 'sk_test_a' }] }] };

describe('a strict run', () => {
  it('has nothing to say of what is meant', async () => {
    const { server, mock, first } = await startStrict();
    const sandbox = await mock.createSandbox();
    await sandbox.faults.add({ match: { method: 'PATCH' }, status: 503, times: 1 });
    await rename(sandbox, 'x').catch(() => {});
    await get(first);
    await sandbox.waitForRequest({ method: 'PATCH' });
    await sandbox.close();
    expect(server.listFindings()).toEqual([]);
  });

  describe('finds a fault rule that never fired', () => {
    it('and was added to a sandbox, which is gone', async () => {
      const { server, mock } = await startStrict();
      const sandbox = await mock.createSandbox();
      await sandbox.faults.add(RULE);
      await get(sandbox);
      await sandbox.close();
      expect(server.listFindings()).toEqual([NEVER]);
    });

    it('and is in the seed of the start', async () => {
      const { server } = await startStrict({ seed: { ...SEED, faults: [RULE] } });
      expect(server.listFindings()).toEqual([NEVER]);
    });

    it('and sandboxes were made with it, of which none fired', async () => {
      const { server, mock } = await startStrict();
      const [one, two] = await mock.createSandboxes(3, { faults: [RULE] });
      expect(server.listFindings()).toEqual([]);
      if (one === undefined || two === undefined) throw new Error('three were asked for');
      for (const sandbox of [one, two]) await get(sandbox);
      expect(server.listFindings()).toEqual([NEVER]);
    });

    it('but none that fired in one of them, is off, or was fired before a reset', async () => {
      const { server, mock } = await startStrict();
      const rule: FaultRule = { match: { method: 'PATCH' }, status: 503 };
      const [one, two] = await mock.createSandboxes(3, { faults: [rule, { ...RULE, enabled: false }] });
      if (one === undefined || two === undefined) throw new Error('three were asked for');
      await get(one);
      await rename(two, 'x').catch(() => {});
      await two.reset();
      await get(two);
      expect(server.listFindings()).toEqual([]);
    });
  });

  it('finds paths that are not served, each once, without the query', async () => {
    const { server, first } = await startStrict();
    const headers = { authorization: `Bearer ${first.apiKey}` };
    for (const path of ['/collections?a=1', '/collections?b=2', '/sk_test_secret_of_ours']) {
      await fetch(`${first.apiUrl}${path}`, { headers });
    }
    expect(server.listFindings()).toEqual([
      'GET /v1/collections is not served (501), but was asked for 2 times',
      'GET /v1/sk_test_se… is not served (501), but was asked for once',
    ]);
  });

  it('finds a Pact state that there is not', async () => {
    const { server, mock } = await startStrict();
    for (const { url, sandboxId } of [mock.sandbox('default'), await mock.createSandbox()]) {
      const path = `/_mock/sandboxes/${sandboxId}/pact/provider-states`;
      for (const state of ['the moon is full', 'the key is revoked']) {
        await fetch(url + path, { method: 'POST', body: JSON.stringify({ state }) });
      }
    }
    expect(server.listFindings()).toEqual(['the Pact state "the moon is full" is unknown, but was asked for 2 times']);
  });

  it('finds a verification of what the journal had dropped', async () => {
    const { server, mock } = await startStrict({ journalSize: 1 });
    const sandbox = await mock.createSandbox();
    for (let sent = 0; sent < 2; sent++) await get(sandbox);
    await expect(sandbox.waitForRequest({}, { times: 2 })).rejects.toThrow('no longer');
    expect(server.listFindings()).toEqual([
      'the journal had dropped requests that a verification asked for: --journal-size keeps more',
    ]);
  });
});

it('a run that is not strict says nothing', async () => {
  const server = await startServer(
    readOptions({ port: 0, db: ':memory:', logLevel: 'silent', seed: { ...SEED, faults: [RULE] } }),
  );
  onTestFinished(() => server.close());
  expect(server.listFindings()).toEqual([]);
});
