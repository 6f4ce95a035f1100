// README's "Parallel tests", as they stand there: 500 tests in four workers, ten times, with vitest and with pytest (which needs
// `pip install pytest pytest-xdist`). The tests of a file share a sandbox, which is reset before each.
import { readCode } from '../documents.js';
import { attempt, check, install, installPackage, makeProject, startPackage } from './support.js';

const RUNS = 10;
const WORKERS = 4;
const FILES = 20;
const TESTS = 500;

export default async function testParallel() {
  testVitest();
  await testPytest();
}

function testVitest() {
  const [setup, test] = readCode('### Parallel tests', 'ts');
  const many = test.replace(
    "it('keeps metadata', async () => {",
    `it.for(Array.from({ length: ${TESTS / FILES} }, (_, index) => index))('keeps metadata %i', async () => {`,
  );
  const files = Object.fromEntries(Array.from({ length: FILES }, (_, index) => [`${index}.test.ts`, many]));
  const path = makeProject('parallel', {
    type: 'module',
    files: {
      ...files,
      'setup.ts': setup,
      'vitest.config.js': `export default { test: { globalSetup: './setup.ts', maxWorkers: ${WORKERS} } };`,
    },
  });
  installPackage();
  install(path, ['vitest@4']);
  repeat('vitest', () => attempt('npx', ['--no-install', 'vitest', 'run'], path), `${TESTS} passed`);
}

async function testPytest() {
  if (attempt('python3', ['-c', 'import pytest, xdist'], '.').status !== 0) {
    throw new Error('pytest and pytest-xdist are missing: pip install pytest pytest-xdist');
  }
  const [test] = readCode('### Parallel tests', 'python');
  const many = test
    .replace('def test_keeps_metadata(mixpeek):', 'def test_keeps_metadata(mixpeek, n):')
    .replace('def test_keeps', `@pytest.mark.parametrize("n", range(${TESTS}))\ndef test_keeps`);
  const path = makeProject('pytest', { files: { 'test_parallel.py': many } });
  const server = await startPackage();
  try {
    const env = { MIXPEEK_MOCK_URL: server.url };
    const runPytest = () => attempt('python3', ['-m', 'pytest', '-q', '-n', `${WORKERS}`], path, { env });
    repeat('pytest', runPytest, `${TESTS} passed`);
    const { sandboxes } = await (await fetch(`${server.url}/_mock/sandboxes`)).json();
    check('no sandbox is left', sandboxes.length === 1, sandboxes);
  } finally {
    await server.stop();
  }
}

function repeat(what, runOnce, expected) {
  for (let run = 1; run <= RUNS; run++) {
    const started = performance.now();
    const { status, stdout, stderr } = runOnce();
    const isRight = status === 0 && stdout.includes(expected);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    check(`${what}, run ${run} of ${RUNS}: ${expected}, in ${seconds} s`, isRight, stdout + stderr);
  }
}
