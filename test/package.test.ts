import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundle, bundleInspector } from '../scripts/bundle.js';
import { toPackages } from '../scripts/licenses.js';
import { findNodeProblem, findSqliteProblem, isMet } from '../src/store/node-engines.cjs';
import { makeFolder } from './support/folder.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(join(project, name), 'utf8');
const manifest = JSON.parse(read('package.json'));

interface LockedPackage {
  version: string;
  engines?: { node?: string };
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** The names of what `npm pack` would put into the tarball. */
function listTarball(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = spawnSync('npm', args, { cwd: project, encoding: 'utf8', shell: process.platform === 'win32' });
  return JSON.parse(stdout)[0].files.map(({ path }: { path: string }) => path);
}

/** The files that an object names, at any depth. */
const listFiles = (exported: unknown): string[] =>
  typeof exported === 'string' ? [exported] : Object.values(Object(exported)).flatMap(listFiles);

describe('the lockfile', () => {
  const packages: Record<string, LockedPackage> = JSON.parse(read('package-lock.json')).packages;

  /** Where npm looks for what a package depends on: beside it, then in every folder above. */
  function find(path: string, name: string): LockedPackage | undefined {
    for (let folder = path; ; folder = folder.replace(/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
      const found = packages[posix.join(folder, 'node_modules', name)];
      if (found !== undefined || folder === '') return found;
    }
  }

  it('holds what each package depends on, those for other platforms included: `npm ci` refuses it otherwise', () => {
    const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => find(path, name) === undefined)
        .map((name) => `${path} -> ${name}`),
    );
    expect(missing).toEqual([]);
    const platforms = Object.keys(packages).filter((path) => /(?:darwin|win32|linux)-(?:x64|arm64)/.test(path));
    for (const maker of ['@biomejs/cli-', '@esbuild/', '@rolldown/binding-', 'lightningcss-']) {
      const systems = platforms
        .filter((path) => path.includes(maker))
        .map((path) => /darwin|win32|linux/.exec(path)?.[0]);
      expect([...new Set(systems)].sort()).toEqual(['darwin', 'linux', 'win32']);
    }
  });

  it('holds what Node 20.19 can use: better-sqlite3 12, cookie 1, content-disposition 2', () => {
    const majors = ['better-sqlite3', 'cookie', 'content-disposition'].map((name) =>
      Number.parseInt(packages[`node_modules/${name}`]?.version ?? '', 10),
    );
    expect(majors).toEqual([12, 1, 2]);
    const refused = Object.entries(packages).filter(
      ([, { engines }]) => engines?.node && !isMet('20.19.0', engines.node),
    );
    expect(refused).toEqual([]);
  });
});

describe('the comparison of Nodes', () => {
  it.each([
    ['20.19.0', '>=20.19', true],
    ['20.18.9', '>=20.19', false],
    ['22.0.0', '>=20.19', true],
    ['18.20.8', '>= 22', false],
    ['22.0.0', '>=22', true],
    ['20.20.2', '20.x || 22.x', true],
    ['21.7.3', '20.x || 22.x', false],
    ['22.11.9', '^20.19.0 || >=22.12.0', false],
    ['22.12.0', '^20.19.0 || >=22.12.0', true],
    ['21.0.0', '^20.19.0 || >=22.12.0', false],
    ['24.1.0', '20 || >=22', true],
    ['20.1.0', 'whatever that means', true],
  ])('takes Node %s for one of "%s": %s', (version, range, expected) => {
    expect(isMet(version, range)).toBe(expected);
  });

  it.each([
    [
      '18.20.8',
      'mixpeek-mock needs Node 20.19 or newer, this is Node 18.20.8: install a newer one from https://nodejs.org',
    ],
    [
      '20.18.3',
      'mixpeek-mock needs Node 20.19 or newer, this is Node 20.18.3: install a newer one from https://nodejs.org',
    ],
    ['20.19.0', undefined],
    ['26.0.0', undefined],
  ])('on Node %s the package says %j', (version, expected) => {
    expect(findNodeProblem(version, manifest)).toBe(expected);
  });

  const TWELVE = { version: '12.11.1', engines: { node: '20.x || 22.x || 23.x || 24.x || 25.x || 26.x' } };
  const THIRTEEN = { version: '13.2.0', engines: { node: '>=22' } };
  it.each([
    ['20.20.2', TWELVE, undefined],
    ['24.18.9', TWELVE, undefined],
    ['24.19.0', TWELVE, 'better-sqlite3 12.11.1 crashes on Node 24.19.0 and newer, this is Node 24.19.0'],
    ['26.1.0', TWELVE, 'better-sqlite3 12.11.1 crashes on Node 24.19.0 and newer, this is Node 26.1.0'],
    ['27.0.0', TWELVE, `better-sqlite3 12.11.1 needs Node ${TWELVE.engines.node}, this is Node 27.0.0`],
    ['20.20.2', THIRTEEN, 'better-sqlite3 13.2.0 needs Node >=22, this is Node 20.20.2'],
    ['22.0.0', THIRTEEN, undefined],
    ['26.1.0', THIRTEEN, undefined],
  ])('on Node %s with better-sqlite3 %j: %j', (version, sqlite, expected) => {
    expect(findSqliteProblem(version, sqlite)).toBe(expected);
  });
});

describe('the package on a Node that is too old', () => {
  /** Runs a file with a process.versions.node that was made up. */
  function runAs(version: string, args: string[]) {
    const disguise = join(makeFolder(), 'disguise.cjs');
    const versions = `{ ...process.versions, node: '${version}' }`;
    writeFileSync(disguise, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', disguise, ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }
  const line =
    'mixpeek-mock needs Node 20.19 or newer, this is Node 18.20.8: install a newer one from https://nodejs.org\n';

  it.each([['dist/cli.cjs'], ['scripts/start.js'], ['scripts/test.js']])('%s ends with one line', (file) => {
    expect(runAs('18.20.8', [join(project, file)])).toEqual({ status: 1, stdout: '', stderr: line });
  });

  it.each([
    ['ESM', 'x.mjs', "import { createMockServer } from './dist/index.js';"],
    ['CommonJS', 'x.cjs', "const { createMockServer } = require('./dist/index.cjs');"],
  ])('createMockServer of %s rejects with it', (_kind, name, load) => {
    const folder = makeFolder();
    for (const copied of ['dist', 'package.json'])
      cpSync(join(project, copied), join(folder, copied), { recursive: true });
    writeFileSync(join(folder, name), `${load}\ncreateMockServer().catch(({ message }) => console.log(message));`);
    expect(runAs('18.20.8', [join(folder, name)])).toEqual({ status: 0, stdout: line, stderr: '' });
  });
});

describe('the package with a better-sqlite3 that is not for this Node', () => {
  it('says which command helps, before it opens or creates anything', () => {
    const folder = makeFolder();
    for (const name of ['dist', 'migrations', 'package.json'])
      cpSync(join(project, name), join(folder, name), { recursive: true });
    const sqlite = join(folder, 'node_modules/better-sqlite3');
    mkdirSync(sqlite, { recursive: true });
    writeFileSync(join(sqlite, 'package.json'), '{"version":"13.9.0","engines":{"node":">=99"},"main":"index.js"}');
    // As 13 does on Node 20.
    writeFileSync(join(sqlite, 'index.js'), 'module.exports = function Database() { process.abort(); };');
    const run = (args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const started = run(['dist/cli.cjs', '--port', '0', '--db', 'data/mock.db']);
    const problem = `better-sqlite3 13.9.0 needs Node >=99, this is Node ${process.versions.node}: run \`npm install -D better-sqlite3@1`;
    expect([started.status, started.stdout, started.stderr.trimEnd().split('\n')]).toEqual([
      1,
      '',
      [expect.stringContaining(`mixpeek-mock: ${problem}`)],
    ]);
    const use = "require('./dist/index.cjs').createMockServer().catch(({ message }) => console.log(message));";
    expect(run(['-e', use]).stdout).toContain(problem);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
});

describe('what is packed', () => {
  const names = listTarball();
  const bundled = bundle({ write: false });
  const inspector = bundleInspector({ write: false });

  it('is what runs, its licences and its documents, and no source map', () => {
    const expected =
      /^(?:dist\/(?:[\w-]+\.c?js|types\/(?:entry\/|kit\/|suites\/|)[\w-]+\.d\.c?ts|seed\.schema\.json|THIRD-PARTY\.txt|swagger-ui\/[\w.-]+|inspector\/(?:index\.html|app\.js|app\.css|icon\.svg))|migrations\/(?:postgres\/)?\w+\.sql|structures\/[\d.]+\.json|docs\/[\w-]+\.md|examples\/(?:README\.md|[\w-]+\/(?:pacts\/)?[\w.-]+\.(?:js|json|py|md|yaml))|README\.md|LICENSE|SUPPORTED\.md|CONTRIBUTING\.md|CHANGELOG\.md|compose(?:\.replicas)?\.yaml|package\.json)$/;
    expect(names.filter((name) => !expected.test(name))).toEqual([]);
    const named = [...listFiles(manifest.exports), manifest.main, manifest.types, ...Object.values(manifest.bin)].map(
      (path) => posix.normalize(path),
    );
    const page = ['index.html', 'app.js', 'app.css', 'icon.svg'].map((name) => `dist/inspector/${name}`);
    expect([...named, ...page, 'dist/seed.schema.json'].filter((path) => !names.includes(path))).toEqual([]);
  });

  it('is ASCII in what every start reads: of any other text Node keeps two bytes for each character', () => {
    const wide = ['cli.cjs', 'index.js', 'index.cjs', 'main.cjs', 'kit.cjs'].flatMap((file) =>
      [...read(`dist/${file}`).matchAll(/.{0,20}[^\0-\x7f].{0,20}/g)].map(([place]) => `${file}: ${place}`),
    );
    expect(wide).toEqual([]);
  });

  it('has apart what few starts need: tables of IDNA, YAML, the docs page, the comparison of documents', async () => {
    const { outputs } = (await bundled).metafile;
    const read = Object.keys(outputs['dist/main.cjs']?.inputs ?? {});
    expect(read.filter((name) => /node_modules\/(?:tr46|yaml|@fastify\/swagger)|src\/drift/.test(name))).toEqual([]);
    expect(Object.keys(outputs).map((path) => posix.basename(path))).toEqual(
      expect.arrayContaining([
        'main.cjs',
        'idna-tables.cjs',
        'yaml.cjs',
        'swagger.cjs',
        'swagger-ui.cjs',
        'check-document.cjs',
      ]),
    );
  });

  it('has an inspector of 40 KiB at most, as it is sent by a proxy that compresses', () => {
    const sent = ['app.js', 'app.css'].map((name) => readFileSync(join(project, 'dist/inspector', name)));
    expect(gzipSync(Buffer.concat(sent), { level: 9 }).length).toBeLessThanOrEqual(40 * 1024);
  });

  it('has every file of ours that a document links to, but for pictures, whose texts say the same', () => {
    const documents = names.filter((name) => name.endsWith('.md'));
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'SUPPORTED.md', 'CONTRIBUTING.md', 'CHANGELOG.md']));
    const broken = documents.flatMap((document) =>
      [...read(document).matchAll(/(?<!!\[[^\]]*)\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, path = '']) => posix.join(posix.dirname(document), path))
        .filter((path) => !names.includes(path))
        .map((path) => `${document} -> ${path}`),
    );
    expect(broken).toEqual([]);
  });

  it('has the licence text of each package that is bundled, and of Swagger UI', async () => {
    const inputs = { ...(await bundled).metafile.inputs, ...(await inspector).metafile.inputs };
    const text = read('dist/THIRD-PARTY.txt');
    const packages = toPackages(Object.keys(inputs)).map((folder) => JSON.parse(read(`${folder}/package.json`)));
    expect(packages.length).toBeGreaterThan(40);
    const sections = text.split(/^-{80}$/m).map((section) => section.trim());
    const missing = packages.filter(({ name, version, license }) => {
      const head = `${name} ${version} (${license})\n\n`;
      // Shorter than any licence is only the head.
      return !sections.some((section) => section.startsWith(head) && section.length > head.length + 400);
    });
    expect(missing.map(({ name }) => name)).toEqual([]);
    expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['preact', '@preact/signals']));
    expect(text).toContain('Swagger UI 5.');
    expect(text).toContain('Apache License');
  });
});
