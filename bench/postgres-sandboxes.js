// What it takes to make, find and reset a sandbox on PostgreSQL among 100,000 others, each with one organization, against an empty
// database. They are put there by SQL: making them by HTTP would take a quarter of an hour.
import { Engine } from '../scripts/engine.js';
import { printTable, summarize, toText } from './statistics.js';

export const MANY = 100_000;
const KEY = 'sk_test_many';
const WHERE_COPIED = "column_name NOT IN ('sandbox_id', 'place', 'version', 'key_hash')";

/** Sandboxes like one that is there, with keys of their own. */
async function copySandbox(engine, database, sandboxId) {
  const columnsOf = async (table) => {
    const rows = await engine.ask(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = 'mixpeek_mock' AND table_name = '${table}' AND ${WHERE_COPIED}`,
      database,
    );
    return rows.map(({ column_name }) => column_name).join(', ');
  };
  const copy = async (table, more = '', values = '') => {
    const columns = await columnsOf(table);
    return `INSERT INTO ${table} (sandbox_id, ${columns}${more}) SELECT 'sbx_many' || n, ${columns}${values}
      FROM ${table}, generate_series(1, ${MANY}) AS n WHERE sandbox_id = '${sandboxId}';`;
  };
  // The admin's key of each is known; the others are nobody's.
  const text = `CASE WHEN permissions LIKE '%admin%' THEN '${KEY}' || n ELSE n || api_key_id END`;
  const statements = [
    'SET search_path = mixpeek_mock;',
    await copy('sandboxes'),
    "UPDATE sandboxes SET generation = nextval('places') WHERE sandbox_id LIKE 'sbx_many%';",
    await copy('states'),
    await copy('organizations'),
    await copy('api_keys', ', key_hash', `, encode(sha256((${text})::bytea), 'hex')`),
    `UPDATE totals SET sandboxes = sandboxes + ${MANY}`,
  ];
  await engine.ask(statements.join('\n'), database);
  await engine.ask('VACUUM ANALYZE', database);
}

async function ask({ url }, method, path, { body, key } = {}) {
  const started = performance.now();
  const answer = await fetch(new URL(path, url), {
    method,
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return { ms: performance.now() - started, json: text === '' ? undefined : JSON.parse(text) };
}

const make = async (server) => {
  const { ms, json } = await ask(server, 'POST', '/_mock/sandboxes', { body: {} });
  return { ms, ...json.sandboxes[0] };
};

/** @returns of each operation its time among many, of that in an empty database */
export async function measureManySandboxes({ startOurs, isQuick, progress }) {
  const engine = await Engine.start();
  const rounds = isQuick ? 20 : 100;
  try {
    const servers = {};
    for (const name of ['empty', 'many']) {
      await engine.ask(`CREATE DATABASE ${name}`);
      const args = ['--db', engine.urlOf(name), '--max-sandboxes', '200000'];
      servers[name] = await startOurs(`postgres-${name}`, args);
    }
    progress(`postgres: ${MANY} sandboxes`);
    await copySandbox(engine, 'many', (await make(servers.many)).sandbox_id);
    const figures = { making: [], finding: [], resetting: [] };
    for (let round = 0; round <= rounds; round++) {
      const pairs = { making: [], finding: [], resetting: [] };
      for (const [name, server] of Object.entries(servers)) {
        const { ms, sandbox_id, api_keys } = await make(server);
        const number = 1 + ((round * 7919) % MANY);
        const [id, key] = name === 'many' ? [`sbx_many${number}`, KEY + number] : [sandbox_id, api_keys.admin];
        pairs.making.push(ms);
        pairs.finding.push((await ask(server, 'GET', '/v1/organizations', { key })).ms);
        pairs.resetting.push((await ask(server, 'POST', `/_mock/sandboxes/${id}/reset`, { body: {} })).ms);
      }
      // The first one only warms up.
      if (round > 0) for (const [name, pair] of Object.entries(pairs)) figures[name].push(pair);
      progress(`postgres: ${MANY} sandboxes ${round}/${rounds}`);
    }
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    progress('');
    return print(figures);
  } finally {
    await engine.close();
  }
}

function print(figures) {
  console.log(`\npostgres, sandboxes: milliseconds, median (min to max)\n`);
  const columns = Object.entries(figures).map(([name, pairs]) => {
    const [empty, many] = [0, 1].map((place) => summarize(pairs.map((pair) => pair[place])));
    return { name, empty, many };
  });
  const rows = columns.map(({ name, empty, many }) => [`${name} one`, toText(empty, 1), toText(many, 1)]);
  printTable([['', 'empty database', `among ${MANY} others`], ...rows]);
  return Object.fromEntries(columns.map(({ name, empty, many }) => [name, many.median / empty.median]));
}
