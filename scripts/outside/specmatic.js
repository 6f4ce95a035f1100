// Specmatic sends what the OpenAPI document allows and holds each answer against it. Needs Java 17.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, check, install, makeProject, startPackage } from './support.js';

const KEY = 'sk_live_abc123def456';

/**
 * Only what the document allows is sent: a service on pydantic takes `true` for 1 and `"10"` for 10, where Specmatic would
 * expect a refusal.
 */
const SETTINGS = `version: 2
contracts:
  - provides:
      - openapi.json
test:
  resiliencyTests:
    enable: positiveOnly
`;

export default async function testSpecmatic() {
  const path = makeProject('specmatic', { files: { 'specmatic.yaml': SETTINGS } });
  install(path, ['specmatic@2']);
  for (const version of ['0.81', '0.82']) await testVersion(path, version);
}

async function testVersion(path, version) {
  const server = await startPackage(['--api-version', version]);
  try {
    const response = await fetch(`${server.url}/openapi.json`);
    writeFileSync(join(path, 'openapi.json'), await response.text());
    const jar = join(path, 'node_modules/specmatic/specmatic.jar');
    const args = ['-jar', jar, 'test', `--testBaseURL=${server.url}`, 'openapi.json'];
    // The combinations of all bounds of all members would be tens of thousands.
    const env = { bearerAuth: KEY, MAX_TEST_REQUEST_COMBINATIONS: '300' };
    const { status, stdout } = attempt('java', args, path, { env });
    const [, run, failures] = /Tests run: (\d+), Successes: \d+, Failures: (\d+)/.exec(stdout) ?? [];
    const isRight = status === 0 && failures === '0' && Number(run) > 300;
    check(`API ${version}: ${run} tests of Specmatic, none fails`, isRight, {
      status,
      run,
      failures,
      end: stdout.slice(-2000),
    });
    const ignored = stdout.split('\n').filter((line) => line.includes('Ignoring request example'));
    check(`API ${version}: Specmatic ignores no request example`, ignored.length === 0, ignored);
  } finally {
    await server.stop();
  }
}
