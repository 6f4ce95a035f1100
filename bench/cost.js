// What the limiter and the journal cost by themselves, without HTTP, and what they keep at most. Prints a line of JSON;
// bench.js runs it as a process of its own, so that the memory is theirs alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { readMemory } from './server-process.js';

const KEYS = 1_000_000;
/** A hundred times as many as the journals of a server keep: each takes as long as hundreds of keys. */
const BODIES = 100_000;
const BODY_BYTES = 64 * 1024;
const now = Date.UTC(2026, 0, 1);

async function load(names) {
  const folder = mkdtempSync(join(tmpdir(), 'mixpeek-mock-cost-'));
  try {
    const entryPoints = names.map((name) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url)));
    const options = { bundle: true, platform: 'node', format: 'esm', outExtension: { '.js': '.mjs' } };
    await build({ ...options, entryPoints, outdir: folder });
    return await Promise.all(names.map((name) => import(pathToFileURL(join(folder, `${basename(name)}.mjs`)))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Microseconds a call, garbage included: the median of ten rounds, the first of which only warms up. */
function time(call) {
  const rounds = [];
  for (let round = 0; round <= 10; round++) {
    const started = performance.now();
    for (let count = 0; count < 100_000; count++) call(count);
    if (round > 0) rounds.push((performance.now() - started) / 100);
  }
  return rounds.sort((a, b) => a - b)[5];
}

/** MiB that `work` adds at most, looked at a hundred times on the way. */
function measureGrowth(times, work) {
  const before = readMemory(process.pid);
  let most = before;
  for (let count = 0; count < times; count++) {
    work(count);
    if (count % (times / 100) === 0) most = Math.max(most, readMemory(process.pid));
  }
  return most - before;
}

const [{ MemoryBuckets }, { Journal }, { Journals }, { Exchange }] = await load([
  'sandbox/buckets',
  'sandbox/journal',
  'sandbox/journals',
  'sandbox/exchange',
]);
const keyOf = (count) => ({ api_key_id: `key_${count}`, organization_id: 'org_1' });

const buckets = new MemoryBuckets();
const apiKey = keyOf(0);
const limiter = time((count) => buckets.charge(apiKey, 'metadata', 100, now + count));

// As much as curl sends, and as the organization of the demo key answers.
const rawHeaders = ['Host', 'localhost:4030', 'User-Agent', 'curl/8.0', 'Accept', '*/*', 'Authorization', 'Bearer x'];
const body = Buffer.from('{"metadata":{"hello":"world"}}');
const answer = 'x'.repeat(480);
function record(journal, count, bytes) {
  const exchange = new Exchange(`r${count}`, 'PATCH', '/v1/x', {});
  exchange.live = { sandbox: { journal }, now };
  exchange.open(exchange.live, rawHeaders);
  exchange.bytes = bytes;
  exchange.decide(`${count}${answer}`);
  exchange.end(200, true, journal);
}
const journal = new Journal(1000, new Journals());
const journalCost = time((count) => record(journal, count, body));

const many = new MemoryBuckets();
const keysGrowth = measureGrowth(KEYS, (count) => many.charge(keyOf(count), 'metadata', 100, now + count));
const large = new Journal(100_000, new Journals());
const bodiesGrowth = measureGrowth(BODIES, (count) => record(large, count, Buffer.alloc(BODY_BYTES, count)));

console.log(JSON.stringify({ limiter, journal: journalCost, keysGrowth, bodiesGrowth }));
