import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

// What a file of a room may import of ours besides its own room; a name that ends in / is a room.
const MAY_IMPORT: Record<string, string[]> = {
  'domain/': [],
  'pydantic/': ['domain/errors.ts', 'domain/once.ts', 'domain/rate-limits.ts', 'domain/text.ts'],
  'store/': ['domain/'],
  'sandbox/': ['domain/', 'pydantic/json-tree.ts', 'store/errors.ts', 'store/runtime.ts', 'store/store.ts'],
  'faults/': ['domain/'],
  'http/': ['domain/', 'pydantic/', 'sandbox/', 'faults/'],
  'api/': ['domain/', 'pydantic/', 'http/', 'sandbox/'],
  'control/': ['domain/', 'pydantic/', 'http/', 'sandbox/', 'seed/'],
  // It runs in browsers: all that it has of the server are types.
  'inspector/': ['control/', 'sandbox/'],
  'seed/': ['domain/', 'pydantic/'],
  'start/': ['domain/', 'seed/', 'sandbox/', 'store/', 'control/guard.ts', 'setting.ts', 'settings.ts'],
  'drift/': ['domain/'],
  'cli/': ['domain/', 'seed/', 'drift/', 'setting.ts', 'settings.ts', 'server.ts', 'version.ts'],
  'entry/': ['cli/main.ts', 'index.ts', 'kit/'],
  'setting.ts': ['domain/'],
  'settings.ts': ['domain/', 'setting.ts'],
  'kit/': ['domain/real-time.ts'],
  // What imports them are other people's tests: they find the server as those would.
  'suites/': ['kit/', 'index.ts', 'entry/client.ts'],
  'index.ts': ['server.ts', 'settings.ts', 'kit/'],
  'app.ts': ['domain/', 'pydantic/', 'http/', 'sandbox/', 'api/', 'control/'],
  'version.ts': ['domain/once.ts'],
  'server.ts': [
    'version.ts',
    'domain/',
    'http/',
    'sandbox/',
    'store/',
    'seed/',
    'start/',
    'api/',
    'control/',
    'app.ts',
    'setting.ts',
    'settings.ts',
  ],
};

/** What a room may import of another besides types, where that is not all. */
const VALUES: [room: string, other: string, values: string[]][] = [
  ['http/', 'sandbox/', ['sandbox/exchange.ts']],
  ['inspector/', 'control/', []],
  ['inspector/', 'sandbox/', []],
];

// Where else a word may be; comments count too, so that nobody has to parse.
const MAY_NAME: [RegExp, string[]][] = [
  [/from '(?:@fastify\/[\w-]+|fastify)'/, ['api/', 'control/', 'http/', 'app.ts', 'server.ts']],
  [
    /from 'zod'/,
    ['api/', 'control/', 'http/', 'pydantic/', 'seed/', 'setting.ts', 'settings.ts', 'cli/control-settings.ts'],
  ],
  [/from 'better-sqlite3'/, ['store/']],
  [/from 'pg'/, ['store/postgres/']],
  [/\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|PRAGMA)\b/, ['store/']],
  [
    /\bprocess\.[a-z]/,
    ['cli/', 'settings.ts', 'domain/real-time.ts', 'http/log.ts', 'store/running-node.ts', 'kit/client.ts', 'suites/'],
  ],
  [/\bDate\b(?!`)/, ['domain/real-time.ts', 'kit/', 'inspector/']],
  [/from '@?preact\b/, ['inspector/']],
];

const files = readdirSync(SRC, { recursive: true })
  .map((name) => String(name).replaceAll('\\', '/'))
  .filter((name) => /\.tsx?$/.test(name));
const isIn = (file: string, places: string[]) =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));

const listImports = (file: string) =>
  [...readFileSync(SRC + file, 'utf8').matchAll(/(import type [^;]*?|)(?:from|import\() ?'(\.[^']+)'/g)].map(
    ([, type, path]) => ({ path: new URL(path ?? '', `file:///${file}`).pathname.slice(1), isType: type !== '' }),
  );

it('no file imports itself through others', () => {
  const imports = new Map(files.map((file) => [file, listImports(file)]));
  const isReached = (file: string, wanted: string, seen = new Set<string>()): boolean =>
    (imports.get(file) ?? []).some(({ path }) => {
      if (path === wanted) return true;
      const isNew = !seen.has(path);
      return isNew && isReached(path, wanted, seen.add(path));
    });
  expect(files.filter((file) => isReached(file, file))).toEqual([]);
});

it.each(files)('%s imports only what its room may', (file) => {
  const text = readFileSync(SRC + file, 'utf8');
  const room = Object.keys(MAY_IMPORT).find((place) => isIn(file, [place]));
  expect(room, `${file} is in no room`).toBeDefined();
  const imported = listImports(file);
  const allowed = [...(room?.endsWith('/') ? [room] : []), ...(MAY_IMPORT[room ?? ''] ?? [])];
  expect(imported.filter(({ path }) => !isIn(path, allowed))).toEqual([]);
  for (const [place, other, values] of VALUES) {
    if (!isIn(file, [place])) continue;
    expect(imported.filter(({ path, isType }) => isIn(path, [other]) && !isType && !values.includes(path))).toEqual([]);
  }
  for (const [word, places] of MAY_NAME) {
    if (!isIn(file, places)) expect(text.split('\n').filter((line) => word.test(line))).toEqual([]);
  }
  expect(text.split('\n').filter((line) => /^(?:let|var) |^await /.test(line))).toEqual([]);
});

const ENGINE = files.filter((file) => isIn(file, ['store/postgres/']));

// A prepared statement that names no columns fails once a newer server has added one.
it.each(ENGINE)('%s names the columns that it wants', (file) => {
  expect(readFileSync(SRC + file, 'utf8')).not.toMatch(/SELECT \*|\b[a-z]\.\*/);
});

const INSPECTOR = files.filter((file) => isIn(file, ['inspector/']));

it.each(INSPECTOR)('%s imports no package but those of the page', (file) => {
  const packages = [...readFileSync(SRC + file, 'utf8').matchAll(/(?:from|import)\s*\(?'([^.'][^']*)'/g)].map(
    ([, name = '']) => name,
  );
  expect(packages.filter((name) => !/^(?:preact(?:\/hooks)?|@preact\/signals)$/.test(name))).toEqual([]);
});

// `mixpeek-mock health` is a program of its own, in which nobody fakes anything; in a browser timers are those of the page.
const TIMED = files.filter((file) => !isIn(file, ['domain/real-time.ts', 'cli/health.ts', 'inspector/']));

it.each(TIMED)('%s takes timers from real-time.ts, if any', (file) => {
  const text = readFileSync(SRC + file, 'utf8');
  const [, taken = ''] = /import \{([^}]*)\} from '[./a-z]*real-time\.ts'/.exec(text) ?? [];
  const used = text.match(/\b(?:(?:set|clear)(?:Timeout|Interval|Immediate)|queueMicrotask)(?=\()/g) ?? [];
  expect(used.filter((name) => !taken.split(/[\s,]+/).includes(name))).toEqual([]);
  expect(text).not.toMatch(/\bperformance\.now|\bnextTick\b|node:timers/);
});
