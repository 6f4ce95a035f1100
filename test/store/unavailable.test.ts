import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Organization } from '../../src/domain/organization.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import type { Report } from '../../src/store/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { makeFolder } from '../support/folder.ts';
import { buildTestApp, errorBody, MIGRATIONS } from '../support/harness.ts';

const { state } = buildSeed(DEFAULT_SEED, '2026-01-01T00:00:00Z');
const UNAVAILABLE = errorBody(503, 'ServiceUnavailableError', 'Service unavailable');

function openStore(file: string, now: () => number, reports: string[] = []): Store {
  const report: Report = (level, text) => void reports.push(`${level} ${text}`);
  return openSqliteStore({ file, migrations: MIGRATIONS, pid: 1, since: '2026-01-01T00:00:00Z', report, now });
}

/** The app on a database file, with what the store reports. */
async function buildFileApp(now: () => number) {
  const file = join(makeFolder(), 'data', 'mock.db');
  const reports: string[] = [];
  const store = openStore(file, now, reports);
  const app = await buildTestApp({ store });
  const readHealth = async () => (await app.get({ url: '/v1/health' })).json.status;
  return { ...app, file, reports, readHealth };
}

describe('a database whose files are no longer in their place', () => {
  const MOVES: [string, (file: string) => void, string][] = [
    ['was removed', (file) => rmSync(file), 'removed'],
    ['was moved away', (file) => renameSync(file, `${file}.old`), 'removed'],
    ['was removed with its folder', (file) => rmSync(dirname(file), { recursive: true }), 'removed'],
    ['lost its write-ahead log', (file) => rmSync(`${file}-wal`), 'removed'],
    ['was replaced by a copy', (file) => replace(file, () => copyFileSync(file, `${file}.new`)), 'replaced'],
    ['was replaced by an empty file', (file) => replace(file, () => writeFileSync(`${file}.new`, '')), 'replaced'],
    ['was replaced by a folder', (file) => replace(file, () => mkdirSync(`${file}.new`)), 'replaced'],
    [
      'got another write-ahead log',
      (file) => replace(`${file}-wal`, () => writeFileSync(`${file}-wal.new`, '')),
      'replaced',
    ],
  ];

  it.each(MOVES.flatMap(([how, move, what]) => [0, 3000].map((age) => [how, age, move, what] as const)))(
    '%s after %i ms: changes are refused with a 503, nothing of them is seen, what is there is read',
    async (_, age, move, what) => {
      let time = 0;
      const { file, get, patch, send, reports, readHealth } = await buildFileApp(() => time);
      // Else it could change twice within what the file system takes for one time.
      utimesSync(dirname(file), 1, 1);
      for (const at of [0, age, age]) {
        time = at;
        expect((await patch({ logo_url: 'before', metadata: {} })).status).toBe(200);
        expect((await patch({ metadata: { at } })).status).toBe(200);
      }
      await patch({ metadata: {} });
      move(file);
      for (const answer of await Promise.all([patch({ logo_url: 'after' }), patch({ metadata: { a: 1 } })])) {
        expect([answer.status, answer.json]).toEqual([503, UNAVAILABLE]);
        expect(answer.headers).toMatchObject({
          'retry-after': '1',
          'x-mixpeek-mock-hint': `the database file was ${what}: nothing of this request was kept; the log of the server says more`,
        });
      }
      expect((await get()).json).toMatchObject({ logo_url: 'before', metadata: {} });
      const reset = await send({
        method: 'POST',
        url: '/_mock/sandboxes/default/reset',
        headers: { host: 'localhost', 'content-type': 'application/json' },
      });
      expect([reset.status, reset.json]).toEqual([503, UNAVAILABLE]);
      expect((await get()).json).toMatchObject({ logo_url: 'before', metadata: {} });
      expect(await readHealth()).toBe('DEGRADED');
      expect((await get({ url: '/readyz' })).status).toBe(200);
      expect(reports).toEqual([
        expect.stringMatching(
          new RegExp(
            `^error changes cannot be kept: .*mock\\.db(-wal)?: was ${what} while this server had it open: put it back`,
          ),
        ),
      ]);
    },
  );

  it('behind a link are looked for by the link too, which may lie in another folder', async () => {
    const folder = makeFolder();
    const [one, two, link] = ['one.db', 'two.db', 'link/mock.db'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(dirname(link));
    for (const file of [one, two]) await openStore(file, () => 0).close();
    symlinkSync(one, link);
    utimesSync(folder, 1, 1);
    let time = 0;
    const store = openStore(link, () => time);
    const { patch } = await buildTestApp({ store });
    for (const at of [0, 3000, 6000]) {
      time = at;
      expect((await patch({ metadata: { at } })).status).toBe(200);
    }
    rmSync(link);
    symlinkSync(two, link);
    expect((await patch({ metadata: {} })).status).toBe(503);
  });

  it.each([
    ['a change was refused', (store: Store) => store.updateOrganization('default', 'org_demo123', rename('refused'))],
    ['the server was asked for its health', (store: Store) => store.canWrite()],
    ['the server stopped', (store: Store) => store.close()],
  ])(
    'is left as it is when %s: its log goes neither to what takes its place nor with what was moved',
    async (_, meet) => {
      const [file, copy] = [join(makeFolder(), 'mock.db'), join(makeFolder(), 'mock.db')];
      const other = join(makeFolder(), 'other.db');
      // Of other pages than the first one has: a log that were applied to it would mix both.
      const large = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
      const organizations = state.organizations.map((one) => ({ ...one, organization_name: 'other', metadata: large }));
      const filled = openStore(other, () => 0);
      await filled.put('default', { ...state, organizations }, { initial: state.settings });
      await filled.close();
      const store = openStore(file, () => 0);
      onTestFinished(() => store.close());
      await store.put('default', state, { initial: state.settings });
      await store.updateOrganization('default', 'org_demo123', rename('kept'));
      renameSync(file, `${file}.moved`);
      copyFileSync(other, file);

      await meet(store).catch(() => {});

      // As after a kill.
      for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${copy}${end}`);
      const moved = `${copy}.moved`;
      copyFileSync(`${file}.moved`, moved);
      for (const [path, name] of [
        [copy, 'other'],
        [moved, 'kept'],
      ] as const) {
        const found = openStore(path, () => 0);
        onTestFinished(() => found.close());
        for (const { organization_id } of state.organizations) {
          const expected =
            name === 'kept' && organization_id !== 'org_demo123' ? expect.not.stringMatching('other') : name;
          expect(await found.findOrganization('default', organization_id)).toMatchObject({
            organization_name: expected,
          });
        }
      }
    },
  );

  it('is DEGRADED before anybody writes', async () => {
    const { file, readHealth, reports } = await buildFileApp(() => 0);
    expect(await readHealth()).toBe('OK');
    rmSync(file);
    expect([await readHealth(), await readHealth(), reports.length]).toEqual(['DEGRADED', 'DEGRADED', 1]);
  });

  it('keeps changes again once it is back: health tries that once a second', async () => {
    let time = 5000;
    const { file, patch, readHealth, reports } = await buildFileApp(() => time);
    renameSync(file, `${file}.old`);
    expect((await patch({ logo_url: 'x' })).status).toBe(503);
    renameSync(`${file}.old`, file);
    time += 999;
    expect(await readHealth()).toBe('DEGRADED');
    time += 1;
    expect(await readHealth()).toBe('OK');
    expect((await patch({ logo_url: 'y' })).json.logo_url).toBe('y');
    expect(reports).toEqual([expect.stringMatching(/^error /), 'info changes are kept again']);
  });

  it('keeps changes again with the next one that works', async () => {
    const { file, patch, readHealth } = await buildFileApp(() => 0);
    renameSync(file, `${file}.old`);
    expect((await patch({ logo_url: 'x' })).status).toBe(503);
    renameSync(`${file}.old`, file);
    expect((await patch({ logo_url: 'y' })).status).toBe(200);
    expect(await readHealth()).toBe('OK');
  });

  it('stays DEGRADED when a change that changes nothing is accepted', async () => {
    const { file, patch, readHealth } = await buildFileApp(() => 0);
    renameSync(file, `${file}.old`);
    expect((await patch({ logo_url: 'x' })).status).toBe(503);
    renameSync(`${file}.old`, file);
    expect((await patch({})).status).toBe(200);
    expect(await readHealth()).toBe('DEGRADED');
  });

  it('is told once a minute where some changes are kept and others are not', async () => {
    let time = 60_000;
    const { file, patch, reports } = await buildFileApp(() => time);
    for (const [at, lines] of [
      [60_000, 2],
      [60_001, 2],
      [119_999, 2],
      [120_000, 4],
    ] as const) {
      time = at;
      renameSync(file, `${file}.old`);
      expect((await patch({ logo_url: `refused at ${at}` })).status).toBe(503);
      renameSync(`${file}.old`, file);
      expect((await patch({ logo_url: `kept at ${at}` })).status).toBe(200);
      expect(reports.length).toBe(lines);
    }
  });
});

const rename = (organization_name: string) => (current: Organization | undefined) =>
  current && { ...current, organization_name };

/** Puts what `make` makes in the place of a file, at once. */
function replace(file: string, make: () => void): void {
  make();
  rmSync(file);
  renameSync(`${file}.new`, file);
}

describe('a database that cannot be read', () => {
  it('is a refusal as long as that lasts, told once; what failed is tried again', async () => {
    const file = join(makeFolder(), 'mock.db');
    const reports: string[] = [];
    const options = { file, migrations: MIGRATIONS, pid: 1, since: '2026-01-01T00:00:00Z' };
    const open = () => openSqliteStore({ ...options, report: (level, text) => reports.push(`${level} ${text}`) });
    const filled = open();
    // More than is looked through when it is opened.
    const metadata = JSON.stringify({ text: 'x'.repeat(10 * 1024 * 1024) });
    const organizations = state.organizations.map((organization) => ({ ...organization, metadata }));
    await filled.put(
      'default',
      { ...state, organizations: organizations.slice(0, 1), api_keys: [] },
      { initial: state.settings },
    );
    await filled.close();

    const store = open();
    onTestFinished(() => store.close());
    const bytes = readFileSync(file);
    expect(await store.canRead()).toBe(true);
    truncateSync(file, 1024 * 1024);
    for (let time = 1; time <= 2; time++) {
      const reading = store.findOrganization('default', 'org_demo123');
      await expect(reading).rejects.toMatchObject({
        refusal: { code: 'unavailable', hint: expect.stringContaining('the database is damaged: nothing') },
      });
      expect(await store.canRead()).toBe(false);
    }
    writeFileSync(file, bytes);
    expect(await store.canRead()).toBe(true);
    expect(await store.findOrganization('default', 'org_demo123')).toMatchObject({ metadata });
    expect(await store.canRead()).toBe(true);
    expect(reports).toEqual([
      expect.stringMatching(/^error the database cannot be read: .*mock\.db: the database is damaged/),
      'info the database can be read again',
    ]);
  });
});
