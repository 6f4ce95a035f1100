// `npm run test:outside`: packs the package, installs the tarball in empty projects, ESM and CommonJS, and uses it there as
// a stranger would: types, tests with vitest, npx. Needs the registry of npm. WITH_NODE names another node to run it with (npm itself sets NODE).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mixpeek-mock-outside-'));
const node = process.env.WITH_NODE ?? process.execPath;
const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };

function run(command, args, cwd, expected = 0) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== expected) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

function check(what, isRight, details) {
  if (!isRight) throw new Error(`${what}: ${JSON.stringify(details)}`);
  console.log(`ok  ${what}`);
}

/** The code block of README behind this heading. */
function readExample(heading, language) {
  const readme = readFileSync(join(project, 'README.md'), 'utf8');
  const section = readme.slice(readme.indexOf(heading));
  const [, code] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(section) ?? [];
  return code;
}

function makeProject(name, type, files) {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, type, private: true }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

try {
  const [{ filename, files, size }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], project));
  const tarball = join(folder, filename);
  const names = files.map(({ path }) => path);
  const unexpected = names.filter((path) => !/^(dist\/|migrations\/|README\.md$|LICENSE$|package\.json$)/.test(path));
  check(
    `${filename} holds what is needed and nothing else, ${Math.round(size / 1024)} KiB`,
    unexpected.length === 0,
    unexpected,
  );

  const example = readExample('### vitest', 'ts');
  const types = {
    compilerOptions: { module: 'nodenext', strict: true, noEmit: true, skipLibCheck: false, types: ['node'] },
  };
  const esm = makeProject('esm', 'module', {
    'organization.test.ts': example,
    'tsconfig.json': JSON.stringify({ ...types, include: ['*.ts'] }),
  });
  run('npm', ['install', '--no-audit', '--no-fund', tarball, 'vitest@4', 'typescript', '@types/node@20'], esm);
  const major = Number(run(node, ['-p', 'process.versions.node.split(".")[0]'], esm));
  run('npx', ['--no-install', 'vitest', 'run'], esm);
  check(`on Node ${major}: the example of README passes in an ESM project`, true);
  run('npx', ['--no-install', 'tsc', '-p', '.'], esm);
  check('its types are checked', true);

  const cjs = makeProject('cjs', 'commonjs', {
    'use.cjs':
      "const { createMockServer } = require('mixpeek-mock');\n" +
      'createMockServer().then(async ({ url, apiKeys, close }) => {\n' +
      "  const headers = { authorization: 'Bearer ' + apiKeys.read };\n" +
      "  console.log((await (await fetch(url + '/v1/organizations', { headers })).json()).organization_id);\n" +
      '  await close();\n});\n',
  });
  run('npm', ['install', '--no-audit', '--no-fund', tarball], cjs);
  const required = run(node, ['--no-warnings', 'use.cjs'], cjs);
  check('require() works in a CommonJS project', required.trim() === 'org_demo123', required);
  const version = run('npx', ['--no-install', 'mixpeek-mock', '--version'], cjs).trim();
  check(
    'npx starts the program',
    version === JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version,
    version,
  );

  const tools = makeProject('tools', 'module', {});
  run('npm', ['install', '--no-audit', '--no-fund', 'publint', '@arethetypeswrong/cli'], tools);
  run('npx', ['--no-install', 'publint', '--strict', tarball], tools);
  check('publint finds nothing', true);
  run('npx', ['--no-install', 'attw', '--profile', 'esm-only', tarball], tools);
  check('the types are not wrong', true);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
