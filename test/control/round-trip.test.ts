import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { API_VERSIONS } from '../../src/domain/api-version.ts';
import { LATEST } from '../../src/domain/clock.ts';
import { BODY_LIMIT } from '../../src/http/envelope.ts';
import { validateEmail } from '../../src/pydantic/email.ts';
import { FULL_KEY, FULL_SEED } from '../support/full.ts';
import { buildTestApp } from '../support/harness.ts';
import { type Operation, operation, perform } from '../support/operations.ts';
import { makeWorld, type World } from '../support/world.ts';

const operations = fc.array(operation, { maxLength: 12 });
const ask = (world: World) => Promise.all([FULL_KEY, ...world.keys].map((key) => world.ask(key)));

describe.each(API_VERSIONS)('whatever is done to a sandbox of API %s', (version) => {
  /** Checks what holds for every sequence of operations; a failure gives its seed. */
  async function holds(check: (world: World, done: Operation[]) => Promise<void>): Promise<void> {
    const app = await buildTestApp({ apiVersion: version, level: 'error' });
    const property = fc.asyncProperty(operations, async (done) => {
      const world = await makeWorld(app, FULL_SEED, version);
      try {
        await check(world, done);
      } finally {
        await world.remove();
      }
    });
    await fc.assert(property, { numRuns: 30 });
  }

  it('a reset goes back to the first state, text for text, and its undo to the last', async () => {
    await holds(async (world, done) => {
      const first = await world.read();
      for (const one of done) await perform(world, one);
      const last = await world.read();
      await world.tell('POST', '/reset');
      expect(await world.read()).toBe(first);
      await world.tell('POST', '/snapshots/before-reset/restore');
      expect(await world.read()).toBe(last);
    });
  });

  it('a snapshot is restored text for text', async () => {
    await holds(async (world, done) => {
      const kept = new Map<string, string>();
      for (const one of done) {
        await perform(world, one);
        if (one.do === 'snapshot') kept.set(one.name, await world.read());
        if (one.do === 'restore' && kept.has(one.name)) expect(await world.read()).toBe(kept.get(one.name));
      }
      for (const [name, text] of kept) {
        await world.tell('POST', `/snapshots/${name}/restore`);
        expect(await world.read()).toBe(text);
      }
    });
  });

  it.each(['json', 'yaml'] as const)(
    'what was exported as %s is imported as the same, for clients too',
    async (type) => {
      await holds(async (world, done) => {
        for (const one of done) await perform(world, one);
        const [text, exported, answers] = [await world.read(), await world.read(type), await ask(world)];
        await world.remove();
        const { status, text: said } = await world.tell('PUT', '/state', exported, `application/${type}`);
        expect([status, said]).toEqual([201, expect.stringContaining('"replaced":[]')]);
        expect([await world.read(), await world.read(type)]).toEqual([text, exported]);
        expect(await ask(world)).toEqual(answers);
        await world.tell('POST', '/reset');
        expect(await world.read()).toBe(text);
      });
    },
  );
});

it('an address that was normalized stays as it is, also in a seed', () => {
  const letters = [
    'a',
    'B',
    '.',
    '-',
    '+',
    'e\u0301',
    '\u0958',
    '\u0344',
    '\u00df',
    '\ufb01',
    '\u212b',
    'INFO',
    'xn--fa-hia',
  ];
  const part = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 5 }).map((some) => some.join(''));
  fc.assert(
    fc.property(part, part, fc.constantFrom('com', '\uff43om', '\u4e2d\u56fd'), (local, domain, top) => {
      const verdict = validateEmail(`${local}@${domain}.${top}`);
      if ('address' in verdict) expect(validateEmail(verdict.address)).toEqual(verdict);
    }),
    { numRuns: 2000 },
  );
});

describe('a state at an edge', () => {
  const seed = (settings: string, organization = '') =>
    `version: 1\n${settings}\norganizations: [{ organization_id: org_a, api_keys: [{ key: sk_test_a }] ${organization} }]`;

  it.each([
    ['before the year 1', -LATEST, '0001-01-01T00:00:00Z'],
    ['after the year 9999', LATEST, '9999-12-31T23:59:59.999000Z'],
  ])('a clock that would be %s is at the end of time, and is exported', async (_name, offset_ms, now) => {
    const world = await makeWorld(await buildTestApp(), seed(`clock: { offset_ms: ${offset_ms} }`), '0.81');
    expect(JSON.parse((await world.tell('GET', '/clock')).text)).toEqual({ now, mode: 'running', offset_ms });
    expect((await world.ask('sk_test_a', 'PATCH', '{"logo_url":"x"}')).text).toContain(`"updated_at":"${now}"`);
    const text = await world.read();
    expect((await world.tell('PUT', '/state', text)).status).toBe(200);
    expect(await world.read()).toBe(text);
  });

  it('metadata as large and as deep as a body may have it comes back from both formats', async () => {
    const world = await makeWorld(await buildTestApp(), seed(''), '0.81');
    const deepest = `{"a":${'['.repeat(98)}${']'.repeat(98)}}`;
    const [head, tail] = ['{"metadata":', '}'];
    const largest = `{"b":"${'\\u00e9'.repeat((BODY_LIMIT - 21) / 6)}"}`;
    for (const metadata of [deepest, largest]) {
      expect((await world.ask('sk_test_a', 'PATCH', head + metadata + tail)).status).toBe(200);
      const text = await world.read();
      expect(text.includes(metadata)).toBe(true);
      for (const type of ['json', 'yaml'] as const) {
        const sent = await world.read(type);
        expect((await world.tell('PUT', '/state', sent, `application/${type}`)).status).toBe(200);
        expect((await world.read()) === text).toBe(true);
      }
    }
  });
});
