import { test } from 'node:test';
import { Verifier } from '@pact-foundation/pact';
import { stateHandlers } from 'mixpeek-mock/pact';

test('the mock answers as the app expects of Mixpeek', async () => {
  await new Verifier({
    providerBaseUrl: process.env.MIXPEEK_MOCK_URL,
    pactUrls: ['pacts/app-mixpeek.json'],
    stateHandlers: stateHandlers(),
    logLevel: 'error',
  }).verifyProvider();
});
