import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

// What a file of a room may import of ours; a name that ends in / is a room.
const MAY_IMPORT: Record<string, string[]> = {
  'domain/': ['domain/'],
  'store/': ['store/', 'domain/'],
  'wire/': ['wire/', 'domain/', 'sandbox/exchange.ts', 'sandbox/sandboxes.ts'],
  'sandbox/': ['sandbox/', 'domain/', 'store/store.ts'],
  'api/': ['api/', 'domain/', 'wire/', 'sandbox/', 'store/store.ts'],
  'control/': ['control/', 'domain/', 'wire/', 'sandbox/', 'store/store.ts'],
  'seed-issues.ts': [],
  'seed-build.ts': ['seed-issues.ts', 'seed-schema.ts', 'domain/'],
  'seed-source.ts': [],
  'seed-words.ts': ['seed-source.ts', 'domain/'],
  'seed-schema.ts': ['seed-issues.ts', 'seed-source.ts', 'seed-words.ts', 'domain/'],
  'seed-json.ts': ['seed-source.ts', 'wire/'],
  'seed-yaml.ts': ['seed-source.ts', 'seed-yaml-scalar.ts'],
  'seed-yaml-scalar.ts': ['seed-source.ts'],
  'seed-file.ts': [
    'seed-build.ts',
    'seed-issues.ts',
    'seed-schema.ts',
    'seed-source.ts',
    'seed-json.ts',
    'seed-yaml.ts',
    'domain/',
  ],
  'unread-seed.ts': ['seed-build.ts', 'seed-issues.ts', 'seed-file.ts', 'default-seed.ts', 'domain/'],
  'served-keys.ts': ['seed-build.ts', 'settings.ts', 'domain/', 'store/store.ts'],
  'beginning.ts': [
    'seed-build.ts',
    'unread-seed.ts',
    'served-keys.ts',
    'settings.ts',
    'domain/',
    'sandbox/',
    'store/store.ts',
  ],
  'default-seed.ts': ['seed-schema.ts'],
  'settings.ts': ['domain/', 'wire/'],
  'variables.ts': ['settings.ts', 'domain/'],
  'config.ts': ['settings.ts', 'variables.ts', 'domain/'],
  'log.ts': ['domain/'],
  'listener.ts': ['connection.ts', 'stopping.ts', 'turns.ts', 'domain/'],
  'early-listener.ts': ['listener.ts'],
  'turns.ts': ['domain/real-time.ts'],
  'request-queue.ts': ['turns.ts'],
  'connection.ts': ['request-queue.ts', 'turns.ts', 'domain/real-time.ts'],
  'stopping.ts': ['connection.ts', 'request-queue.ts', 'domain/real-time.ts'],
  'health.ts': ['settings.ts', 'domain/'],
  'banner.ts': ['server.ts', 'served-keys.ts', 'domain/'],
  'docs.ts': ['domain/', 'wire/'],
  'main.ts': ['cli.ts', 'index.ts'],
  'index.ts': ['server.ts', 'settings.ts'],
  'app.ts': ['api/', 'control/', 'wire/', 'sandbox/', 'domain/'],
  'server.ts': [
    'api/',
    'control/',
    'domain/',
    'wire/',
    'sandbox/',
    'store/',
    'app.ts',
    'beginning.ts',
    'settings.ts',
    'docs.ts',
    'default-seed.ts',
    'early-listener.ts',
    'log.ts',
    'served-keys.ts',
    'unread-seed.ts',
  ],
  'cli.ts': ['api/openapi-3-0.ts', 'settings.ts', 'domain/', 'server.ts', 'config.ts', 'banner.ts', 'health.ts'],
};

// Where else a word may stand; comments count too, so that nobody has to parse.
const MAY_NAME: [RegExp, string[]][] = [
  [/from '(?:@fastify\/[\w-]+|fastify)'/, ['api/', 'control/', 'wire/', 'app.ts', 'server.ts', 'docs.ts']],
  [/from 'zod'/, ['api/', 'control/', 'wire/', 'settings.ts', 'seed-schema.ts', 'seed-words.ts']],
  [/from 'better-sqlite3'/, ['store/']],
  [/\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|PRAGMA)\b/, ['store/']],
  [
    /\bprocess\.[a-z]/,
    ['cli.ts', 'config.ts', 'settings.ts', 'log.ts', 'domain/real-time.ts', 'store/running-node.ts'],
  ],
  [/\bDate\b(?!`)/, ['domain/real-time.ts']],
];

const files = readdirSync(SRC, { recursive: true })
  .map((name) => String(name).replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'));
const isIn = (file: string, places: string[]) =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));

const listImports = (file: string) =>
  [...readFileSync(SRC + file, 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, path]) =>
    new URL(path ?? '', `file:///${file}`).pathname.slice(1),
  );

it('no file imports itself through others', () => {
  const imports = new Map(files.map((file) => [file, listImports(file)]));
  const isReached = (file: string, wanted: string, seen = new Set<string>()): boolean =>
    (imports.get(file) ?? []).some((next) => {
      if (next === wanted) return true;
      const isNew = !seen.has(next);
      return isNew && isReached(next, wanted, seen.add(next));
    });
  expect(files.filter((file) => isReached(file, file))).toEqual([]);
});

it.each(files)('%s imports only what its room may', (file) => {
  const text = readFileSync(SRC + file, 'utf8');
  const room = Object.keys(MAY_IMPORT).find((place) => isIn(file, [place]));
  expect(room, `${file} stands in no room`).toBeDefined();
  const imported = listImports(file);
  expect(imported.filter((path) => !isIn(path, MAY_IMPORT[room ?? ''] ?? []))).toEqual([]);
  for (const [word, places] of MAY_NAME) {
    if (!isIn(file, places)) expect(text.split('\n').filter((line) => word.test(line))).toEqual([]);
  }
  expect(text.split('\n').filter((line) => /^(?:let|var) |^await /.test(line))).toEqual([]);
});

// `mixpeek-mock health` is a program of its own, in which nobody fakes anything.
const TIMED = files.filter((file) => !['domain/real-time.ts', 'health.ts'].includes(file));

it.each(TIMED)('%s takes timers from real-time.ts, if any', (file) => {
  const text = readFileSync(SRC + file, 'utf8');
  const [, taken = ''] = /import \{([^}]*)\} from '[./a-z]*real-time\.ts'/.exec(text) ?? [];
  const used = text.match(/\b(?:(?:set|clear)(?:Timeout|Interval|Immediate)|queueMicrotask)(?=\()/g) ?? [];
  expect(used.filter((name) => !taken.split(/[\s,]+/).includes(name))).toEqual([]);
  expect(text).not.toMatch(/\bperformance\.now|\bnextTick\b|node:timers/);
});
