import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readServeConfig } from '../src/cli/config.ts';
import { CONNECTION_LIMITS } from '../src/http/connection.ts';
import { SERVE_SETTINGS } from '../src/settings.ts';
import { checkShared } from '../src/start/open-store.ts';
import { makeFolder } from './support/folder.ts';
import { runCli, startServer } from './support/process.ts';
import { get } from './support/requests.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(project + name, 'utf8');
const { version, dependencies } = JSON.parse(read('package.json'));
const PORT = SERVE_SETTINGS.port.default;

const [building = '', running = ''] = read('Dockerfile')
  .replace(/\\\n/g, '')
  .split(/\n(?=FROM )/);
/** What stands behind an instruction, wherever it stands in a stage. */
const find = (stage: string, name: string) =>
  [...stage.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, rest = '']) => rest);
const findCopies = (stage: string) => find(stage, 'COPY').map((copy) => copy.split(' '));
const variables = Object.fromEntries(
  find(running, 'ENV').flatMap((rest) => rest.split(/ +/).map((pair) => pair.split('='))),
);
const [entrypoint = ''] = find(running, 'ENTRYPOINT');
const [healthCheck = ''] = find(running, 'HEALTHCHECK');
const [user, volume] = [find(running, 'USER')[0], find(running, 'VOLUME')[0]];

describe('the image', () => {
  it('is built from what it copies alone: no key, no database, nothing that was built before', () => {
    const sources = [building, running].flatMap(findCopies).filter(([first]) => first !== '--from=build');
    const names = [...new Set(sources.flatMap((words) => words.slice(0, -1)))];
    expect(names.filter((name) => !existsSync(project + name))).toEqual([]);
    const [first, ...exceptions] = read('.dockerignore')
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    expect(first).toBe('*');
    expect(exceptions.sort()).toEqual(names.map((name) => `!${name}`).sort());
  });

  it('starts from the files that are copied, and answers', async () => {
    const folder = makeFolder();
    for (const words of findCopies(running)) {
      const [target = '', ...sources] = words.map((word) => word.replace('/app/', '')).reverse();
      for (const source of sources.filter((word) => !/^(?:--|node_modules)/.test(word))) {
        const copy = join(folder, target.endsWith('/') ? target + basename(source) : target);
        cpSync(join(project, source), copy, { recursive: true });
      }
    }
    // The binary of this Node stands in for that of the image, which the Dockerfile tries itself.
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(project, 'node_modules/better-sqlite3'), join(folder, 'node_modules/better-sqlite3'), 'junction');
    const [, program] = JSON.parse(entrypoint);
    const { ready } = await startServer(['--db', ':memory:'], folder, join(folder, program.replace('/app/', '')));
    expect((await fetch(`${ready.url}/docs`)).status).toBe(200);
    expect((await get(ready.url)).organization_id).toBe('org_demo123');
  });

  it('keeps its address and its database whatever arguments it is given, as a user in numbers who owns the volume', () => {
    expect(find(running, 'CMD')).toEqual([]);
    const { host, db, warnings } = readServeConfig({}, variables, makeFolder());
    expect([host, db, warnings]).toEqual(['0.0.0.0', `${volume}/mock.db`, []]);
    expect(find(running, 'EXPOSE')).toEqual([PORT]);
    expect(running).toMatch(new RegExp(`chown ${user} ${volume}\\n[^]*^USER \\d+:\\d+\\nVOLUME`, 'm'));
  });

  it('asks for its health at the port that the variable names, with no option that a builder refuses', async () => {
    const [options, command = ''] = healthCheck.split(' CMD ');
    expect(options).not.toContain('start-interval');
    expect(command.startsWith(entrypoint.slice(0, -1))).toBe(true);
    const args: string[] = JSON.parse(command).slice(2);
    const { ready } = await startServer(['--db', ':memory:'], makeFolder());
    const { port } = new URL(ready.url);
    const asked = await runCli(args, makeFolder(), { ...variables, MIXPEEK_MOCK_PORT: port });
    expect(asked).toEqual({ code: 0, stdout: `http://localhost:${port}/v1/health is healthy\n`, stderr: '' });
    expect((await runCli(args, makeFolder(), { ...variables, MIXPEEK_MOCK_PORT: '1' })).code).toBe(1);
  });

  it('has the version of the package, and the newest better-sqlite3 that it allows, as CI has: 12 crashes on their Nodes', () => {
    expect(running).toContain(`image.version="${version}"`);
    const [newest] = dependencies['better-sqlite3'].split(' || ^').slice(-1);
    for (const text of [building, read('.github/workflows/ci.yml')]) {
      expect([...text.matchAll(/better-sqlite3@(\S+)/g)].map(([, named]) => named)).toEqual([newest]);
    }
  });
});

it('compose.yaml runs it strictly, for this machine alone, on a volume that stays, also with its examples switched on', () => {
  const examples = read('compose.yaml').replace(/^( +)# ((?: {2}|[\w-]+:$|- ).*)$/gm, '$1$2');
  const { services, volumes } = parse(examples);
  expect(services['mixpeek-mock']).toMatchObject({
    ports: [`127.0.0.1:${PORT}:${PORT}`],
    volumes: [`data:${volume}`, './mixpeek-mock.yaml:/app/mixpeek-mock.yaml:ro'],
    ...{ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
  });
  expect(services.app.depends_on).toEqual({ 'mixpeek-mock': { condition: 'service_healthy' } });
  expect(volumes).toEqual(parse(read('compose.yaml')).volumes);
});

describe('several servers on one database', () => {
  const isKnown = (set: [string, string][]) => {
    const config = readServeConfig({}, { ...variables, ...Object.fromEntries(set) }, makeFolder());
    checkShared(config);
    return config.warnings;
  };

  it('compose.replicas.yaml runs three of the image, strictly, behind a balancer for this machine alone', () => {
    const { services, volumes, configs } = parse(read('compose.replicas.yaml'));
    const { 'mixpeek-mock': server, postgres, balancer } = services;
    expect(server).toMatchObject({
      ...{ deploy: { replicas: 3 }, read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
      depends_on: { postgres: { condition: 'service_healthy' } },
    });
    expect(isKnown(Object.entries(server.environment))).toEqual([]);
    const { username, password, hostname, pathname } = new URL(server.environment.MIXPEEK_MOCK_DB);
    const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres.environment;
    expect([username, password, hostname, pathname]).toEqual([
      POSTGRES_USER,
      POSTGRES_PASSWORD,
      'postgres',
      `/${POSTGRES_DB}`,
    ]);
    expect(balancer.ports).toEqual([`127.0.0.1:${PORT}:80`]);
    expect(configs.balancer.content).toContain(`http://mixpeek-mock:${PORT};`);
    expect(Object.keys(volumes)).toEqual(['postgres']);
  });

  it('examples/kubernetes runs three of the image, as its user, and updates one after another', () => {
    const [secret, deployment, service] = parseAllDocuments(read('examples/kubernetes/mixpeek-mock.yaml')).map((one) =>
      one.toJS(),
    );
    expect(deployment.spec).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
    });
    const { spec } = deployment.spec.template;
    const [container] = spec.containers;
    expect(container.image).toBe(`registry.example.com/mixpeek-mock:${version}`);
    expect(`${spec.securityContext.runAsUser}:${spec.securityContext.runAsGroup}`).toBe(user);
    const set = container.env.map(
      ({ name, value, valueFrom }: { name: string; value?: string; valueFrom?: { secretKeyRef: { key: string } } }) => [
        name,
        value ?? secret.stringData[valueFrom?.secretKeyRef.key ?? ''],
      ],
    );
    expect(isKnown(set)).toEqual([]);
    expect([service.spec.selector, String(service.spec.ports[0].targetPort)]).toEqual([{ app: 'mixpeek-mock' }, PORT]);
  });
});

describe('the Kubernetes manifest of docs/containers.md', () => {
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(read('docs/containers.md')) ?? [];
  const [deployment, claim] = parseAllDocuments(text).map((document) => document.toJS());
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;

  it('runs one replica of the image, as its user, on its volume, as strictly as compose.yaml', () => {
    expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(container.image).toBe(`registry.example.com/mixpeek-mock:${version}`);
    const { runAsUser, runAsGroup, fsGroup } = spec.securityContext;
    expect([`${runAsUser}:${runAsGroup}`, `${runAsUser}:${fsGroup}`]).toEqual([user, user]);
    expect(spec.volumes).toEqual([{ name: 'data', persistentVolumeClaim: { claimName: claim.metadata.name } }]);
    expect(container.volumeMounts).toEqual([{ name: 'data', mountPath: volume }]);
    const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = container.securityContext;
    expect([readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities.drop]).toEqual([true, false, ['ALL']]);
  });

  it('sets variables that the program knows, gives it the time that it takes to stop, and probes what it answers', async () => {
    const set = container.env.map(({ name, value = 'a-token-from-a-secret' }: Record<string, string>) => [name, value]);
    const config = readServeConfig({}, { ...variables, ...Object.fromEntries(set) }, makeFolder());
    expect(config.warnings).toEqual([]);
    const longestStop = config.shutdownDelay + CONNECTION_LIMITS.answeringMs;
    expect(spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(longestStop);
    const { ready } = await startServer(['--db', ':memory:'], makeFolder());
    for (const { httpGet } of [container.livenessProbe, container.readinessProbe]) {
      expect((await fetch(`${ready.url}${httpGet.path}`)).status).toBe(200);
      expect(String(httpGet.port)).toBe(PORT);
    }
  });
});
