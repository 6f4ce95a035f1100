// What the tarball holds, and whether a stranger can start it and read its types.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCode } from '../documents.js';
import {
  check,
  home,
  install,
  installPackage,
  makeProject,
  manifest,
  node,
  pack,
  placePackage,
  run,
} from './support.js';

/** How projects resolve packages: `module` and `moduleResolution` of TypeScript. */
const RESOLUTIONS = [
  ['module', 'nodenext'],
  ['commonjs', 'nodenext'],
  ['module', 'node16'],
  ['commonjs', 'node16'],
  ['module', 'esnext', 'bundler'],
  ['commonjs', 'commonjs', 'bundler'],
];

const USE_TYPES = `import {
  ControlError,
  createMockServer,
  type FaultRule,
  type MockServer,
  type MockServerOptions,
  type Sandbox,
  type SandboxControl,
  type SandboxOptions,
  type Seed,
} from 'mixpeek-mock';
import { connect, type MockClient, type Organization, withSandbox } from 'mixpeek-mock/client';
export const options: MockServerOptions = { limits: 'enforce' };
export const started: Promise<MockServer> = createMockServer({ unknownFields: 'reject' });
export const key: Promise<string> = started.then(({ apiKeys }) => apiKeys.admin);
// @ts-expect-error there is no such mode
export const wrong: MockServerOptions = { limits: 'sometimes' };
const given = createMockServer({ apiKey: 'sk_test_a' });
export const perhaps: Promise<string | undefined> = given.then(({ keys }) => keys.read);
// @ts-expect-error none is generated then
export const certain: Promise<string> = given.then(({ keys }) => keys.read);
export const seed: Seed = { version: 1, organizations: [{ organization_id: 'org_a' }] };
export const how: SandboxOptions = { seed, keys: 'as_given' };
export const made: Promise<Sandbox> = started.then((server) => server.createSandbox(how));
export const found: Promise<SandboxControl> = started.then((server) => server.sandbox('default'));
const rule: FaultRule = { match: { method: 'PATCH' }, after_handler: true, connection: 'reset', times: 1 };
export const added: Promise<number> = started.then(async ({ faults }) => (await faults.add(rule)).fired);
const lent = withSandbox(async (sandbox) => (await sandbox.organization()).rate_limits.search, { report: false, seed });
export const limit: Promise<number> = lent;
export const connected: MockClient = connect({ url: 'http://localhost:4030' });
export const changed: Promise<Organization> = made.then((sandbox) => sandbox.update({ account_type: 'team' }));
export const statusOf = (error: unknown) => (error instanceof ControlError ? error.status : undefined);
`;

const USE_VITEST = `import { expect, it, test } from 'mixpeek-mock/vitest';
test('has fixtures', async ({ mixpeek, mixpeekEnv }) => {
  const key: string = mixpeekEnv.MIXPEEK_API_KEY;
  await expect(mixpeek).toHaveReceived({ body: { metadata: { a: expect.any(Number) } } }, { times: { min: 1 }, within: 10 });
  await expect(mixpeek).not.toHaveOrganization({ account_type: 'free', rate_limits: { search: 1 } });
  // @ts-expect-error there is no such tier
  await expect(mixpeek).toHaveOrganization({ account_type: key });
});
it.override('mixpeekOptions', { accountType: 'team', onUnserved: 'ignore' });
// @ts-expect-error there is no such option
test.override('mixpeekOptions', { account: 'team' });
`;

const USE_JEST = `import { useSandbox } from 'mixpeek-mock/jest';
const mixpeek = useSandbox({ accountType: 'team', report: false });
test('has matchers', async () => {
  await expect(mixpeek).toHaveReceived({ method: 'PATCH', body: { a: expect.any(String) } }, { times: 1 });
  await expect(mixpeek).not.toHaveOrganization({ account_type: 'free' });
  // @ts-expect-error there is no such tier
  await expect(mixpeek).toHaveOrganization({ account_type: 'gold' });
});
`;

export default function testPackage() {
  const { tarball, filename, size } = pack();
  check(`${filename} is smaller than 2 MiB: ${Math.round(size / 1024)} KiB`, size < 2 ** 21);

  installPackage();
  const esm = makeProject('esm', {
    type: 'module',
    files: {
      'organization.test.ts': readCode('### vitest', 'ts')[0],
      'retry.test.ts': readCode('## Test your retry', 'ts', 'docs/recipes.md')[0],
      ...Object.fromEntries(readCode('## Matchers', 'ts', 'docs/testing.md').map((code) => ['matchers.test.ts', code])),
      'options.test.ts': readCode('## vitest', 'ts', 'docs/testing.md')[1],
    },
  });
  install(esm, ['vitest@4']);
  placePackage(esm);
  run('npx', ['--no-install', 'vitest', 'run'], esm);
  writeFileSync(join(esm, 'vitest.config.ts'), readCode('## vitest', 'ts', 'docs/testing.md')[0]);
  run('npx', ['--no-install', 'vitest', 'run'], esm);
  check(
    `on Node ${run(node, ['--version'], esm).trim()}: the examples of README and docs/ pass in an ESM project, with the setup too`,
    true,
  );

  const [nodeTest] = readCode('### Anything else', 'js');
  const commonJs = makeProject('commonjs', { files: { 'organization.test.js': nodeTest } });
  run('npx', ['--no-install', 'mixpeek-mock', 'exec', '--strict', '--', 'node', '--test'], commonJs);
  check('the example of README for node:test passes in a CommonJS project', true);

  const jest = makeProject('jest-of-readme', {
    files: {
      'organization.test.js': readCode('### jest', 'js')[0],
      'jest.config.js': readCode('## jest', 'js', 'docs/testing.md')[0],
    },
  });
  install(jest, ['jest@30']);
  placePackage(jest);
  run('npx', ['--no-install', 'jest', '--detectOpenHandles'], jest);
  check('the example of README for jest passes in a CommonJS project, without flags', true);

  const cjs = makeProject('cjs', { from: ['use.cjs'] });
  const used = run(node, ['use.cjs'], cjs);
  check('require() works in a CommonJS project', used.trim() === 'org_demo123', used);
  const version = run('npx', ['--no-install', 'mixpeek-mock', '--version'], home).trim();
  check('npx starts the program', version === manifest.version, version);

  for (const [type, module, moduleResolution = module] of RESOLUTIONS) {
    const options = { module, moduleResolution, strict: true, noEmit: true, skipLibCheck: false, types: ['node'] };
    const path = makeProject(`types-${type}-${moduleResolution}`, {
      type,
      files: {
        'use.ts': USE_TYPES,
        // vitest's own types are wrong there.
        ...((type === 'module' || module !== 'node16') && { 'use-vitest.ts': USE_VITEST }),
        'tsconfig.json': JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
      },
    });
    install(path, [tarball, 'typescript', '@types/node@20', 'vitest@4', '--ignore-scripts']);
    run('npx', ['--no-install', 'tsc', '-p', '.'], path);
    check(`its types are found with module ${module}, ${moduleResolution}, "type": "${type}"`, true);
  }

  for (const [types, files] of [
    ['@types/jest', { 'use.ts': USE_JEST }],
    ['@jest/globals', { 'use.ts': `import { expect, test } from '@jest/globals';\n${USE_JEST}` }],
  ]) {
    const options = {
      module: 'nodenext',
      strict: true,
      noEmit: true,
      types: types.startsWith('@types') ? ['jest'] : [],
    };
    const path = makeProject(`types-${types.replace('/', '-')}`, {
      files: { ...files, 'tsconfig.json': JSON.stringify({ compilerOptions: { ...options, skipLibCheck: true } }) },
    });
    install(path, [tarball, 'typescript', '@types/node@20', types, '--ignore-scripts']);
    run('npx', ['--no-install', 'tsc', '-p', '.'], path);
    check(`the types of its matchers are found with ${types}`, true);
  }

  const tools = makeProject('tools', { type: 'module' });
  install(tools, ['publint', '@arethetypeswrong/cli']);
  run('npx', ['--no-install', 'publint', '--strict', tarball], tools);
  check('publint finds nothing', true);
  run('npx', ['--no-install', 'attw', tarball], tools);
  check('attw finds no wrong types, in any resolution', true);
}
