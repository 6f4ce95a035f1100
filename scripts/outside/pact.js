// pact-js verifies a pact against the mock: every kind of provider state, two at once, none; and as docs/pact.md does it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCode } from '../documents.js';
import { attempt, check, install, installPackage, makeProject, node, run, startPackage } from './support.js';

const TOKEN = 'very-secret';
const UNKNOWN = 'the moon is full';

export default async function testPact() {
  const path = makeProject('pact', { type: 'module', from: ['pact.json', 'pact-verify.mjs'] });
  const pact = JSON.parse(readFileSync(join(path, 'pact.json'), 'utf8'));
  const [first] = pact.interactions;
  const unknown = { ...pact, interactions: [{ ...first, providerStates: [{ name: UNKNOWN }] }] };
  writeFileSync(join(path, 'unknown.json'), JSON.stringify(unknown));
  // The snapshot is of the server that is prepared for it.
  const documented = { ...pact, interactions: pact.interactions.slice(0, -1) };
  mkdirSync(join(path, 'pacts'));
  writeFileSync(join(path, 'pacts/app-mixpeek.json'), JSON.stringify(documented));
  writeFileSync(join(path, 'documented.mjs'), readCode('## pact-js', 'js', 'docs/pact.md')[0]);
  installPackage();
  install(path, ['@pact-foundation/pact@16']);

  run(node, ['documented.mjs'], path);
  check('the example of docs/pact.md passes', true);
  const byUrl = (more) =>
    verify(path, [], ({ url }) => ({ PACT_STATES: 'url', STATES_URL: toStatesUrl(url), ...more }));
  await expectPass('by nothing but the URL', byUrl({}));
  await expectPass('with teardown', byUrl({ TEARDOWN: 'on' }));
  await expectPass('in the query', byUrl({ QUERY: 'on' }));
  await expectPass(
    'with a control token in the URL',
    verify(path, ['--control-token', TOKEN], ({ url }) => ({
      PACT_STATES: 'url',
      STATES_URL: toStatesUrl(url.replace('://', `://pact:${TOKEN}@`)),
    })),
  );
  const handlers = { PACT_STATES: 'handlers' };
  await expectPass(
    'by stateHandlers',
    verify(path, [], () => handlers),
  );
  const withToken = { ...handlers, MIXPEEK_MOCK_CONTROL_TOKEN: TOKEN };
  await expectPass(
    'by stateHandlers with a control token',
    verify(path, ['--control-token', TOKEN], () => withToken),
  );

  const refused = await byUrl({ PACT_FILE: 'unknown.json' });
  check('an unknown state fails the verification by the URL', refused.status !== 0, refused);
  const told = await verify(path, [], () => ({ ...handlers, PACT_FILE: 'unknown.json' }));
  check('an unknown state is told by stateHandlers', told.stdout.includes(`Unknown provider state '${UNKNOWN}'`), told);
}

const toStatesUrl = (url) => `${url}/_mock/pact/provider-states`;

async function expectPass(how, verified) {
  const result = await verified;
  check(`pact-js verifies the pact ${how}`, result.status === 0, result);
}

async function verify(path, args, toEnv) {
  const server = await startPackage(args);
  try {
    const token = args.length > 0 ? { authorization: `Bearer ${TOKEN}` } : {};
    await prepare(server.url, token);
    const env = { MOCK_URL: server.url, ...toEnv(server) };
    return attempt(node, ['pact-verify.mjs'], path, { env });
  } finally {
    await server.stop();
  }
}

/** A snapshot that is a state of the pact. */
async function prepare(url, token) {
  const headers = { 'content-type': 'application/json', ...token };
  const sandbox = `${url}/_mock/sandboxes/default`;
  const ask = (method, path, body = {}) => fetch(sandbox + path, { method, headers, body: JSON.stringify(body) });
  await ask('PATCH', '/organizations/org_demo123', { organization_name: 'Seen Before' });
  await ask('PUT', '/snapshots/seen-before');
  await ask('POST', '/reset');
}
