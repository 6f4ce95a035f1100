// What 100,000 organizations of a seed, 1,000,000 of a database, and 1,000 in turn cost.
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { runLoad } from './load.js';
import { readMemory } from './server-process.js';
import { timeBareStart } from './starts.js';
import { compare, summarize } from './statistics.js';

export const SEEDED = 100_000;
export const KEPT = 1_000_000;
const MANY_KEYS = 1000;
const ROUNDS_OF_A_SITTING = 2;
const STARTS_A_ROUND = 3;
const ACCOUNT_TYPES = ['free', 'pro', 'team', 'enterprise'];

const keyOf = (number) => `sk_test_large${number}`;

/** An organization as a seed has it: 240 bytes. */
const toOrganization = (number) => ({
  organization_id: `org_seed${number}`,
  organization_name: `Organization ${number}`,
  account_type: ACCOUNT_TYPES[number % ACCOUNT_TYPES.length],
  metadata: { plan: `x${number}`, nested: { a: [1, 2, 3], b: 'text' } },
  billing_email: `a${number}@example.com`,
  api_keys: [{ key: keyOf(number) }],
});
const toSeed = (count) =>
  JSON.stringify({ version: 1, organizations: Array.from({ length: count }, (_, index) => toOrganization(index + 1)) });

/** Start, memory and reset with a seed of {@link SEEDED} organizations; what health takes while the reset runs. */
export async function measureSeed({ folder, startOurs, isQuick, progress }) {
  const seed = join(folder, 'large.json');
  writeFileSync(seed, toSeed(SEEDED));
  const rounds = [];
  for (let round = 0; round < (isQuick ? 1 : 3); round++) {
    const bare = [];
    for (let start = 0; start < 5; start++) bare.push(await timeBareStart(folder));
    const started = performance.now();
    const server = await startOurs(`seeded${round}`, ['--seed', seed]);
    const ready = performance.now() - started;
    const memory = readMemory(server.pid) ?? Number.NaN;
    // What a reset takes back.
    const keys = Array.from({ length: MANY_KEYS }, (_, index) => keyOf(index + 1));
    await runLoad(folder, server.url, { method: 'PATCH', keys, seconds: 1 });
    rounds.push({ ready, bare: summarize(bare).median, memory, ...(await timeReset(server.url)) });
    await server.stop();
    progress(`seed of ${SEEDED} organizations ${round + 1}`);
  }
  const worst = (figure) => Math.max(...rounds.map((round) => round[figure]));
  const byRatio = rounds.toSorted((one, other) => one.ready / one.bare - other.ready / other.bare);
  const { ready, bare } = byRatio[Math.floor(rounds.length / 2)];
  return {
    ready,
    bare,
    memory: worst('memory'),
    reset: worst('reset'),
    health: worst('health'),
  };
}

async function timeReset(url) {
  let health = 0;
  let isOver = false;
  const ask = async () => {
    const started = performance.now();
    await (await fetch(new URL('/livez', url))).text();
    return performance.now() - started;
  };
  const reset = async () => {
    const answer = await fetch(new URL('/_mock/sandboxes/default/reset', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    if (!answer.ok) throw new Error(`a reset was answered with ${answer.status}`);
  };
  // The control plane is loaded with its first request.
  await (await fetch(new URL('/_mock/sandboxes/default', url))).text();
  await ask();
  const asking = (async () => {
    while (!isOver) health = Math.max(health, await ask());
  })();
  const started = performance.now();
  await reset();
  const milliseconds = performance.now() - started;
  isOver = true;
  await asking;
  return { reset: milliseconds, health };
}

/** A database of {@link KEPT} organizations against one of a single one: start, requests, and its size against its text. */
export async function measureKept({ folder, startOurs, rounds, warmUps, seconds, progress }) {
  const seed = join(folder, 'single.json');
  writeFileSync(seed, toSeed(1));
  for (const name of ['single', 'kept']) await (await startOurs(name, ['--seed', seed])).stop();
  const file = join(folder, 'kept', 'mock.db');
  progress(`writing ${KEPT} organizations`);
  const text = fill(file);
  const size = statSync(file).size;

  const starts = [];
  const count = rounds * STARTS_A_ROUND;
  for (let start = 0; start <= count; start++) {
    const taken = {};
    for (const name of inTurns(start)) {
      const started = performance.now();
      const server = await startOurs(name, ['--seed', seed]);
      taken[name] = performance.now() - started;
      await server.stop();
    }
    if (start > 0) starts.push([taken.kept, taken.single]);
    progress(`start with ${KEPT} organizations ${start}/${count}`);
  }

  const measured = { get: [], patch: [] };
  // Two processes of one program differ more than two rounds of one process.
  for (let sitting = 0; sitting < rounds / ROUNDS_OF_A_SITTING; sitting++) {
    const servers = {};
    for (const name of inTurns(sitting)) {
      servers[name] = await startOurs(name, ['--seed', seed]);
    }
    for (let round = 1 - warmUps; round <= ROUNDS_OF_A_SITTING; round++) {
      for (const [name, pairs] of Object.entries(measured)) {
        const load = { method: name.toUpperCase(), keys: [keyOf(1)], seconds };
        const pair = await loadBoth(folder, round, [servers.kept, load], [servers.single, load]);
        if (round > 0) pairs.push(pair);
      }
    }
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    progress(`${KEPT} organizations, sitting ${sitting + 1}`);
  }
  return {
    start: compare(starts),
    get: compare(measured.get),
    patch: compare(measured.patch),
    size: size / text,
  };
}

const inTurns = (count) => (count % 2 === 0 ? ['kept', 'single'] : ['single', 'kept']);

/** PATCH of {@link MANY_KEYS} organizations in turn, against one of them. */
export async function measureInTurn({ folder, startOurs, rounds, warmUps, seconds, progress }) {
  const seed = join(folder, 'many.json');
  writeFileSync(seed, toSeed(MANY_KEYS));
  const server = await startOurs('many', ['--seed', seed]);
  const many = Array.from({ length: MANY_KEYS }, (_, index) => keyOf(index + 1));
  const toLoad = (keys) => ({ method: 'PATCH', keys, seconds });
  const pairs = [];
  for (let round = 1 - warmUps; round <= rounds; round++) {
    const pair = await loadBoth(folder, round, [server, toLoad(many)], [server, toLoad(many.slice(0, 1))]);
    if (round > 0) pairs.push(pair);
    progress(`${MANY_KEYS} organizations in turn ${round}/${rounds}`);
  }
  await server.stop();
  return compare(pairs);
}

/**
 * Loads one, the other twice, and the one again: a machine that becomes faster or slower meanwhile favours neither. Which of them
 * is in the middle changes from round to round.
 * @returns the requests a second of both loads
 */
async function loadBoth(folder, round, first, second) {
  const rates = new Map([first, second].map((one) => [one, 0]));
  const [outer, inner] = round % 2 === 0 ? [first, second] : [second, first];
  for (const one of [outer, inner, inner, outer]) {
    const [server, load] = one;
    const { rate } = await runLoad(folder, server.url, load);
    rates.set(one, rates.get(one) + rate / 2);
  }
  return [...rates.values()];
}

/**
 * Writes what a seed of all would have, into the state that a reset goes back to: such a seed is longer than one may be.
 * @returns the bytes of that seed
 */
function fill(file) {
  mkdirSync(join(file, '..'), { recursive: true });
  const db = new Sqlite(file);
  db.pragma('cache_size = -400000');
  const prepareInsert = (table, row) => {
    const columns = Object.keys(row);
    return db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.map((column) => `@${column}`)})`);
  };
  const organization = db.prepare('SELECT * FROM organizations ORDER BY state_id').get();
  const apiKey = db.prepare('SELECT * FROM api_keys ORDER BY state_id').get();
  const insertOrganization = prepareInsert('organizations', organization);
  const insertKey = prepareInsert('api_keys', apiKey);
  let text = 0;
  db.transaction(() => {
    for (let number = 1; number <= KEPT; number++) {
      const given = toOrganization(number);
      text += JSON.stringify(given).length + 1;
      if (number === 1) continue;
      const { organization_id, organization_name, account_type, billing_email } = given;
      const key_hash = createHash('sha256').update(keyOf(number)).digest();
      const ids = { organization_id, place: number };
      const metadata = JSON.stringify(given.metadata);
      insertOrganization.run({ ...organization, ...ids, organization_name, account_type, billing_email, metadata });
      insertKey.run({ ...apiKey, ...ids, key_hash, api_key_id: `key_${key_hash.toString('hex').slice(0, 24)}` });
    }
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  return text;
}
