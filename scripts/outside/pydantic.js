// Random bodies of PATCH: what the server answers and stores is held against pydantic itself, in each version of the API, and so are the
// fixtures. Needs python3 with pydantic 2 and, for e-mail addresses, email-validator 2: `pip install 'pydantic[email]'`.
// SEED chooses other bodies, RUNS more of them.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { attempt, check, node, program, project, startProgram } from './support.js';

const MODEL = fileURLToPath(new URL('pydantic-model.py', import.meta.url));
const SEED = Number(process.env.SEED ?? 12);
const RUNS = Number(process.env.RUNS ?? 5000);
const HEADERS = { authorization: 'Bearer sk_live_abc123def456', 'content-type': 'application/json' };
const FIXTURES = ['integers', 'booleans', 'string-maps', 'emails'];

export default async function checkAgainstPydantic() {
  if (spawnSync('python3', ['-c', 'from pydantic import TypeAdapter']).status !== 0) {
    console.log("skipped: needs python3 with pydantic 2 (pip install 'pydantic[email]')");
    return;
  }
  const model = await startModel();
  try {
    const { pydantic, email_validator } = model;
    console.log(`pydantic ${pydantic}, ${email_validator ? `email-validator ${email_validator}` : NO_EMAILS}`);
    for (const kind of FIXTURES) if (kind !== 'emails' || email_validator) await checkFixture(model, kind);
    const { stdout } = attempt(node, [program, '--help'], project);
    const versions = stdout.includes('--api-version') ? ['0.81', '0.82'] : [undefined];
    for (const version of versions) await checkVersion(model, version);
  } finally {
    model.stop();
  }
}
const NO_EMAILS = "without email-validator: no addresses are sent (pip install 'pydantic[email]')";

/** Starts the model; it answers each question in a line of its own. */
async function startModel() {
  const child = spawn('python3', [MODEL], { stdio: ['pipe', 'pipe', 'inherit'] });
  // Without a listener, writing to a model that ended would end this process, and leave the server behind.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the model ended');
    return JSON.parse(value);
  };
  return {
    ...(await read()),
    ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return read();
    },
    stop: () => child.stdin.end(),
  };
}

const readFixture = (kind) =>
  readFileSync(new URL(`../../test/fixtures/${kind}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const toJson = ({ json, email }) => json ?? JSON.stringify(email);

async function checkFixture(model, kind) {
  const differences = [];
  const rows = readFixture(kind);
  for (const row of rows) {
    const { ok, errors } = await model.ask({ kind, text: toJson(row) });
    const found = errors === undefined ? { ok } : toRow(kind, errors);
    const { json, email, ...expected } = row;
    if (JSON.stringify(found) !== JSON.stringify(expected)) differences.push({ row, found });
  }
  check(`${kind}.jsonl: ${rows.length} rows are what pydantic makes of them`, differences.length === 0, differences);
}

function toRow(kind, errors) {
  if (kind === 'string-maps') return { errors };
  const [{ type, msg, ctx }] = errors;
  return kind === 'emails' ? { reason: ctx.reason } : { type, msg };
}

/** @param version undefined for a server that has one only */
async function checkVersion(model, version) {
  const bodies = makeBody(model.email_validator !== null);
  const server = await startProgram(['--limits', 'off', ...(version === undefined ? [] : ['--api-version', version])]);
  try {
    await compare(model, server.url, version ?? '0.81', bodies);
  } finally {
    await server.stop();
  }
}

async function compare(model, base, version, bodies) {
  const url = `${base}/v1/organizations`;
  const get = async () => (await fetch(url, { headers: HEADERS })).text();
  const statuses = { 200: 0, 422: 0 };
  let before = await get();
  const property = fc.asyncProperty(bodies, async (body) => {
    const response = await fetch(url, { method: 'PATCH', headers: HEADERS, body });
    const { status } = response;
    const [answer, after] = [await response.text(), await get()];
    const entry = await fetch(`${base}/_mock/sandboxes/default/requests/${response.headers.get('x-request-id')}`);
    statuses[status]++;
    const compared = { version, body, status, answer, before, after, entry: await entry.text() };
    const differences = await model.ask(compared);
    before = after;
    if (differences.length > 0) throw new Error(differences.join('\n'));
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed: SEED, numRuns: RUNS });
  if (failed) throw new Error(`SEED=${SEED}: the body ${counterexample[0]}\n${errorInstance.message}`);
  const counts = Object.entries(statuses).map(([status, count]) => `${count} times ${status}`);
  const what = `${RUNS} bodies of SEED=${SEED} to API ${version}, ${counts.join(' and ')}: pydantic says the same`;
  check(what, Math.min(...Object.values(statuses)) > RUNS / 10, statuses);
}

const weigh = (...pairs) => fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const pick = (...texts) => fc.constantFrom(...texts);
const rows = (kind) => pick(...readFixture(kind).map(toJson));
const join = (open, parts, close) =>
  fc.tuple(parts, weigh([4, pick('')], [1, pick(' ', '\n\t', '\r\n ')])).map(([items, space]) => {
    return `${open}${space}${items.join(`${space},${space}`)}${space}${close}`;
  });

const text = weigh(
  [2, pick('"x"', '"Acme"', '""', '" "', '"https://example.com/logo.png"', '"null"', '"1"')],
  [2, fc.string({ unit: 'binary' }).map((chars) => JSON.stringify(chars))],
  [
    1,
    pick('"\\u0000"', '"a\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u00E9"'),
  ],
);
const number = weigh(
  [2, fc.integer({ min: -2, max: 100 }).map(String)],
  [1, fc.double().map(String)],
  [1, fc.bigInt().map(String)],
  [
    1,
    pick('-0', '1.0', '1.10', '1E+2', '-1e-5', '1e400', 'NaN', '-Infinity', '12345678901234567890', '9007199254740992'),
  ],
);
const literal = pick('true', 'false', 'null');
const innerName = weigh(
  [4, pick('"a"', '"b"', '"\\u0061"', '"10"', '"2"', '""', '"__proto__"', '"constructor"', '"é"', '"\\ud800"')],
  [1, fc.string({ unit: 'binary' }).map((chars) => JSON.stringify(chars))],
);
const members = (name, value, maxLength) =>
  join(
    '{',
    fc.array(
      fc.tuple(name, value).map((pair) => pair.join(':')),
      { maxLength },
    ),
    '}',
  );
const { json, object } = fc.letrec((tie) => ({
  json: fc.oneof({ maxDepth: 4 }, text, number, literal, tie('array'), tie('object')),
  array: join('[', fc.array(tie('json'), { maxLength: 3 }), ']'),
  object: members(innerName, tie('json'), 4),
}));
const integer = weigh([3, fc.integer({ min: 1, max: 5000 }).map(String)], [1, number], [2, rows('integers')]);
const category = weigh([6, pick('"metadata"', '"data"', '"search"', '"upload"', '"compute"')], [1, innerName]);

/** JSON of each kind of member, mostly right. */
const KINDS = {
  text,
  email: weigh([1, pick('"a@b.com"', '"first.last@example.org"')], [2, rows('emails')], [1, text]),
  object: weigh([6, object], [1, json]),
  limits: weigh([8, members(category, integer, 5)], [1, json]),
  map: weigh([3, members(innerName, text, 4)], [2, rows('string-maps')], [1, object]),
  boolean: weigh([1, literal], [2, rows('booleans')], [1, number]),
};
const KIND_OF = {
  organization_name: 'text',
  logo_url: 'text',
  billing_email: 'email',
  notifications_email: 'email',
  metadata: 'object',
  rate_limits: 'limits',
  rate_limit_overrides: 'limits',
  default_llm_credentials: 'map',
  nsfw_check_enabled: 'boolean',
  nsfw_fail_closed: 'boolean',
};

/** The text of a body: mostly an object of members of both versions; names may be escaped, given twice or unknown. */
function makeBody(withEmails) {
  // Without email-validator nobody says what is wrong with an address.
  const known = Object.entries(KIND_OF).filter(([, kind]) => withEmails || kind !== 'email');
  const any = weigh(...Object.values(KINDS).map((kind) => [1, kind]), [1, pick('[]', '{}', '""', '0', 'false')]);
  const member = weigh(
    ...known.map(([name, kind]) => [2, fc.tuple(makeName(name), weigh([9, KINDS[kind]], [1, pick('null')], [1, any]))]),
    [3, fc.tuple(weigh([1, innerName], [2, pick('"account_type"', '"credit_count"', '"nsfw"')]), json)],
  );
  const body = join(
    '{',
    fc.array(
      member.map((pair) => pair.join(':')),
      { maxLength: 6 },
    ),
    '}',
  );
  return weigh([60, body], [2, json], [1, pick('', ' ')], [4, makeBroken(body)]);
}

const makeName = (name) =>
  weigh([9, pick(`"${name}"`)], [1, pick(`"${name.replace('_', '\\u005f').replace('m', '\\u006D')}"`)]);

/** A text that ends early or has another character somewhere. */
const makeBroken = (texts) =>
  fc
    .tuple(texts, fc.nat(), pick('', '"', '}', ',', '\\', '\u0001', '00', 'é'), fc.boolean())
    .map(([text, at, char, ends]) => {
      const chars = [...text];
      const place = at % chars.length;
      return [...chars.slice(0, place), char, ...(ends ? [] : chars.slice(place + 1))].join('');
    });
