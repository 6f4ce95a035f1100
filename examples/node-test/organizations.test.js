import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withSandbox } from 'mixpeek-mock/client';
import { Organizations } from './client.js';

const toClient = ({ url, apiKey }) => new Organizations(url, apiKey);

describe('organizations', { concurrency: true }, () => {
  it('replaces metadata', () =>
    withSandbox(async (mixpeek) => {
      const client = toClient(mixpeek);
      await client.update({ metadata: { region: 'eu' } });
      await client.update({ metadata: { plan: 'gold' } });
      assert.deepEqual((await client.read()).metadata, { plan: 'gold' });
    }));

  it('tries again when the answer was lost', () =>
    withSandbox(
      async (mixpeek) => {
        await toClient(mixpeek).update({ organization_name: 'New Name' });
        const { organization_name } = await mixpeek.organization();
        assert.equal(organization_name, 'New Name');
        await mixpeek.waitForRequest({ method: 'PATCH' }, { times: 2 });
      },
      { faults: [{ match: { method: 'PATCH' }, after_handler: true, connection: 'reset', times: 1 }] },
    ));
});
