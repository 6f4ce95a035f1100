// What the tarball holds, and whether a stranger can start it and read its types.
import { readCode } from '../documents.js';
import { check, home, install, installPackage, makeProject, manifest, node, pack, run } from './support.js';

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
export const statusOf = (error: unknown) => (error instanceof ControlError ? error.status : undefined);
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
    },
  });
  install(esm, ['vitest@4']);
  run('npx', ['--no-install', 'vitest', 'run'], esm);
  check(
    `on Node ${run(node, ['--version'], esm).trim()}: the examples of README and docs/recipes.md pass in an ESM project`,
    true,
  );

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
        'tsconfig.json': JSON.stringify({ compilerOptions: options, include: ['use.ts'] }),
      },
    });
    install(path, [tarball, 'typescript', '@types/node@20', '--ignore-scripts']);
    run('npx', ['--no-install', 'tsc', '-p', '.'], path);
    check(`its types are found with module ${module}, ${moduleResolution}, "type": "${type}"`, true);
  }

  const tools = makeProject('tools', { type: 'module' });
  install(tools, ['publint', '@arethetypeswrong/cli']);
  run('npx', ['--no-install', 'publint', '--strict', tarball], tools);
  check('publint finds nothing', true);
  run('npx', ['--no-install', 'attw', tarball], tools);
  check('attw finds no wrong types, in any resolution', true);
}
