import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readServeConfig } from '../src/config.ts';
import { SERVE_SETTINGS } from '../src/settings.ts';
import { listUnknownVariables } from '../src/variables.ts';
import { makeFolder } from './support/folder.ts';
import { get, runCli, startServer } from './support/process.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(project + name, 'utf8');
const manifest = JSON.parse(read('package.json'));
const { scripts, dependencies } = manifest;

interface Instruction {
  name: string;
  rest: string;
}

/** The stages of the Dockerfile, each as its instructions. */
function readStages(): Instruction[][] {
  const lines = read('Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter(Boolean);
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) +(.+)$/.exec(line.replace(/ +/g, ' ')) ?? [];
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, rest });
  }
  return stages;
}

const stages = readStages();
const [building = [], running = []] = stages;
const find = (stage: Instruction[], name: string) =>
  stage.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
const findOne = (stage: Instruction[], name: string) => find(stage, name).join('\n');

const copies = stages.flatMap((stage) => find(stage, 'COPY'));
const toSources = (copy: string) => copy.split(' ').slice(0, -1);
const sentFiles = copies.filter((copy) => !copy.startsWith('--')).flatMap(toSources);

/** What a stage copies, from the project into its folder. */
function toCopied(stage: Instruction[]): [source: string, target: string][] {
  return find(stage, 'COPY').flatMap((copy) => {
    const target = copy.split(' ').at(-1) ?? '';
    const sources = toSources(copy.replace('--from=build ', '').replaceAll('/app/', ''));
    return sources.map((source): [string, string] => [
      source,
      posix.normalize(target.endsWith('/') ? target + basename(source) : target),
    ]);
  });
}

const variables = Object.fromEntries(
  find(running, 'ENV').flatMap((rest) => rest.split(' ').map((pair) => pair.split('='))),
);
const entrypoint: string[] = JSON.parse(findOne(running, 'ENTRYPOINT'));
const healthCheck: string[] = JSON.parse(findOne(running, 'HEALTHCHECK').replace(/^.* CMD /, ''));

/** What .dockerignore lets through: it refuses everything, then names the exceptions. */
const ignoreLines = read('.dockerignore')
  .replace(/^#.*\n/gm, '')
  .split('\n')
  .filter(Boolean);
const isSent = (path: string) => ignoreLines.includes(`!${path.split('/', 1)[0]}`);

describe('the build context', () => {
  it('holds nothing but exceptions that are named one by one', () => {
    const [first, ...exceptions] = ignoreLines;
    expect(first).toBe('*');
    expect(exceptions.filter((line) => !/^![\w.-]+$/.test(line))).toEqual([]);
  });

  it.each(sentFiles)('has %s, which is copied', (path) => {
    expect(existsSync(project + path)).toBe(true);
    expect(isSent(path)).toBe(true);
  });

  it('has nothing that is not copied, so no key, no database and nothing that was built', () => {
    const names = new Set([...readdirSync(project), '.env', '.git', '.mixpeek-mock', '.npmrc', 'dist', 'node_modules']);
    const copied = new Set(sentFiles.map((path) => path.split('/', 1)[0]));
    expect([...names].filter(isSent).sort()).toEqual([...copied].sort());
  });
});

describe('the build stage', () => {
  const commands = findOne(building, 'RUN');

  it('runs scripts that package.json has', () => {
    const names = [...commands.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);
    expect(names).toEqual(['build']);
    expect(names.filter((name = '') => scripts[name] === undefined)).toEqual([]);
  });

  it('takes the newest better-sqlite3 that package.json allows, as CI does: 12 crashes on their Nodes', () => {
    const [newest = ''] = dependencies['better-sqlite3'].split(' || ^').slice(-1);
    for (const text of [commands, read('.github/workflows/ci.yml')]) {
      const named = [...text.matchAll(/better-sqlite3@(\S+)/g)].map(([, version]) => version);
      expect(named).toEqual([newest]);
    }
  });

  it('has the settings of TypeScript that the build script names', () => {
    const named = [...read('scripts/build.js').matchAll(/'(tsconfig[\w.]*)'/g)].map(([, name]) => name);
    expect(named).not.toEqual([]);
    expect(sentFiles).toEqual(expect.arrayContaining(named));
  });

  it('runs on the same image as what it builds', () => {
    expect(stages.map(([from]) => from?.rest)).toEqual(['node:24-bookworm-slim AS build', 'node:24-bookworm-slim']);
  });
});

describe('the image', () => {
  it('starts from the files that are copied, and answers', async () => {
    const folder = makeFolder();
    for (const [source, target] of toCopied(running)) {
      // The packages of this Node stand in for those of the image.
      if (target.startsWith('node_modules/')) {
        const name = target.split('/', 2).join('/');
        mkdirSync(join(folder, 'node_modules'), { recursive: true });
        if (!existsSync(join(folder, name))) symlinkSync(join(project, name), join(folder, name), 'junction');
      } else {
        cpSync(join(project, source), join(folder, target), { recursive: true });
      }
    }
    const program = join(folder, 'dist/cli.js');
    const child = spawn(process.execPath, [program, '--port', '0', '--db', ':memory:', '--json'], { cwd: folder });
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const output = await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'close').then(() => Promise.reject(new Error(stderr))),
    ]);
    const { url } = JSON.parse(String(output));
    expect((await fetch(`${url}/docs`)).status).toBe(200);
    expect((await get(url)).organization_id).toBe('org_demo123');
  });

  it('starts what the build makes', () => {
    expect(findOne(running, 'WORKDIR')).toBe('/app');
    expect(copies).toContain('--from=build /app/dist ./dist');
    expect(entrypoint).toEqual(['node', '/app/dist/cli.js']);
    expect(existsSync(`${project}dist/cli.js`)).toBe(true);
  });

  it('keeps its address and its database whatever arguments it is given', () => {
    expect(find(running, 'CMD')).toEqual([]);
    expect(variables.NODE_ENV).toBe('production');
    expect(readServeConfig({ logLevel: 'warn' }, variables, makeFolder())).toMatchObject({
      host: '0.0.0.0',
      db: '/data/mock.db',
      logLevel: 'warn',
    });
  });

  it('exposes the port that is the default', () => {
    expect(findOne(running, 'EXPOSE')).toBe(SERVE_SETTINGS.port.default);
  });

  it('runs as a user in numbers, to whom the volume was given before it became one', () => {
    const names = running.map(({ name, rest }) => (name === 'RUN' ? rest : name));
    const giving = names.findIndex((text) => text.includes('mkdir --mode=700 /data && chown 1000:1000 /data'));
    expect(giving).toBeGreaterThan(-1);
    expect(names.indexOf('USER')).toBeGreaterThan(giving);
    expect(names.indexOf('VOLUME')).toBeGreaterThan(giving);
    expect([findOne(running, 'USER'), findOne(running, 'VOLUME')]).toEqual(['1000:1000', '/data']);
  });

  it('says what it is, as package.json does', () => {
    const labels = [...findOne(running, 'LABEL').matchAll(/org\.opencontainers\.image\.(\w+)="([^"]*)"/g)];
    expect(Object.fromEntries(labels.map(([, label, value]) => [label, value]))).toEqual({
      title: manifest.name,
      description: manifest.description,
      version: manifest.version,
      licenses: manifest.license,
    });
  });
});

describe('the health check of the image', () => {
  const [command, args] = [healthCheck.slice(0, entrypoint.length), healthCheck.slice(entrypoint.length)];

  it('runs the program of the image', () => {
    expect(command).toEqual(entrypoint);
  });

  it('asks every 30 seconds, with no option that a builder refuses', () => {
    const [options = ''] = findOne(running, 'HEALTHCHECK').split(' CMD ');
    expect(options.split(' ')).toEqual(['--interval=30s', '--timeout=4s', '--start-period=10s', '--retries=3']);
  });

  it('asks at the port that the variable names', async () => {
    const { ready } = await startServer(['--db', ':memory:'], makeFolder());
    const { port } = new URL(ready.url);
    const asked = await runCli(args, makeFolder(), { ...variables, MIXPEEK_MOCK_PORT: port });
    expect(asked).toEqual({ code: 0, stdout: `http://localhost:${port}/v1/health is healthy\n`, stderr: '' });
  });

  it('fails where no server answers', async () => {
    expect((await runCli(args, makeFolder(), { ...variables, MIXPEEK_MOCK_PORT: '1' })).code).toBe(1);
  });
});

describe('compose.yaml', () => {
  it('runs the image as strictly as it can be run, on a volume that stays, for this machine alone', () => {
    const port = SERVE_SETTINGS.port.default;
    expect(parse(read('compose.yaml'))).toEqual({
      services: {
        'mixpeek-mock': {
          build: '.',
          ports: [`127.0.0.1:${port}:${port}`],
          volumes: [`data:${findOne(running, 'VOLUME')}`],
          restart: 'unless-stopped',
          healthcheck: { start_period: '10s', start_interval: '1s' },
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
        },
      },
      volumes: { data: null },
    });
  });

  it('still parses when its examples are switched on', () => {
    const { services } = parse(read('compose.yaml').replace(/^( +)# ((?: {2}|[\w-]+:$|- ).*)$/gm, '$1$2'));
    expect(services.app.depends_on).toEqual({ 'mixpeek-mock': { condition: 'service_healthy' } });
    expect(services['mixpeek-mock'].volumes).toEqual(['data:/data', './mixpeek-mock.yaml:/app/mixpeek-mock.yaml:ro']);
  });
});

describe('docs/containers.md', () => {
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(read('docs/containers.md')) ?? [];
  const documents = parseAllDocuments(text).map((document) => document.toJS());
  const [deployment, claim, service] = documents;
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;
  const port = Number(SERVE_SETTINGS.port.default);

  it('has a manifest for one replica, which two versions never share', () => {
    expect(documents.map(({ kind }) => kind)).toEqual(['Deployment', 'PersistentVolumeClaim', 'Service']);
    expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(deployment.spec.selector.matchLabels).toEqual(deployment.spec.template.metadata.labels);
    expect(service.spec).toEqual({ selector: deployment.spec.selector.matchLabels, ports: [{ port }] });
    expect(spec.volumes).toEqual([{ name: 'data', persistentVolumeClaim: { claimName: claim.metadata.name } }]);
  });

  it('runs the image as strictly as compose.yaml does', () => {
    const [user, group] = findOne(running, 'USER').split(':').map(Number);
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: group,
      fsGroup: group,
    });
    expect(container.securityContext).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.volumeMounts).toEqual([{ name: 'data', mountPath: findOne(running, 'VOLUME') }]);
    expect(container.image).toBe(`registry.example.com/mixpeek-mock:${manifest.version}`);
  });

  it('sets variables that the program knows, to values that it takes', () => {
    const set = Object.fromEntries(
      container.env.map(({ name, value }: { name: string; value?: string }) => [
        name,
        value ?? 'a-token-from-a-secret',
      ]),
    );
    expect(listUnknownVariables(set)).toEqual([]);
    const { shutdownDelay } = readServeConfig({}, { ...variables, ...set }, makeFolder());
    expect(shutdownDelay).toBeGreaterThan(0);
    expect(spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(shutdownDelay + 30_000);
  });

  it('probes what the server answers', async () => {
    const { ready } = await startServer(['--db', ':memory:'], makeFolder());
    for (const { httpGet } of [container.livenessProbe, container.readinessProbe]) {
      expect(httpGet.port).toBe(port);
      expect((await fetch(ready.url + httpGet.path)).status).toBe(200);
    }
  });
});
