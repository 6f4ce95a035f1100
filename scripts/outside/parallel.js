// README's pytest, as it stands there: 500 tests in four workers, ten times. Needs `pip install pytest pytest-xdist`.
import { readCode } from '../documents.js';
import { attempt, check, makeProject, startPackage } from './support.js';

const RUNS = 10;
const WORKERS = 4;
const TESTS = 500;

export default async function testParallel() {
  if (attempt('python3', ['-c', 'import pytest, xdist'], '.').status !== 0) {
    throw new Error('pytest and pytest-xdist are missing: pip install pytest pytest-xdist');
  }
  const [test] = readCode('### Anything else', 'python');
  const many = test
    .replace('def test_keeps_metadata(mixpeek):', 'def test_keeps_metadata(mixpeek, n):')
    .replace('def test_keeps', `@pytest.mark.parametrize("n", range(${TESTS}))\ndef test_keeps`);
  const path = makeProject('pytest', { files: { 'test_parallel.py': many } });
  const server = await startPackage();
  try {
    const env = { MIXPEEK_MOCK_URL: server.url };
    for (let run = 1; run <= RUNS; run++) {
      const started = performance.now();
      const { status, stdout, stderr } = attempt('python3', ['-m', 'pytest', '-q', '-n', `${WORKERS}`], path, { env });
      const isRight = status === 0 && stdout.includes(`${TESTS} passed`);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      check(`run ${run} of ${RUNS}: ${TESTS} passed, in ${seconds} s`, isRight, stdout + stderr);
    }
    const { sandboxes } = await (await fetch(`${server.url}/_mock/sandboxes`)).json();
    check('no sandbox is left', sandboxes.length === 1, sandboxes);
  } finally {
    await server.stop();
  }
}
