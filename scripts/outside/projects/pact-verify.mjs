// Verifies the pact against the server of MOCK_URL. PACT_STATES: `url` for the URL of the provider states, that of STATES_URL;
// `handlers` for those of the package.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { stateHandlers } from 'mixpeek-mock/pact';

const { Verifier } = createRequire(import.meta.url)('@pact-foundation/pact');
const { MOCK_URL, STATES_URL, PACT_STATES, PACT_FILE = 'pact.json', TEARDOWN, QUERY } = process.env;

const states =
  PACT_STATES === 'url'
    ? {
        providerStatesSetupUrl: STATES_URL,
        providerStatesSetupTeardown: TEARDOWN === 'on',
        providerStatesSetupBody: QUERY !== 'on',
      }
    : { stateHandlers: stateHandlers(MOCK_URL) };
const printed = await new Verifier({
  providerBaseUrl: MOCK_URL,
  pactUrls: [join(import.meta.dirname, PACT_FILE)],
  logLevel: 'error',
  ...states,
}).verifyProvider();
console.log(printed);
