import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ApiKeySeed } from '../../src/seed/content.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { FAULT_PRESETS, FaultSeed } from '../../src/seed/fault.ts';
import { toSeedSchemaText } from '../../src/seed/schema.ts';
import { check } from '../../src/seed/values.ts';
import { DEFAULT, startControl } from '../support/control.ts';
import { FULL_SEED } from '../support/full.ts';
import { REFUSED_JSON } from '../support/refused-json.ts';
import {
  REFUSED_FAULTS,
  REFUSED_FAULTS_IN_JSON,
  REFUSED_RULES,
  withFaults,
  withFaultsInJson,
} from '../support/refused-rules.ts';
import { organization, REFUSED_SEEDS, REFUSED_SETTINGS, withSettings } from '../support/refused-seeds.ts';
import { MEANT_MEMBERS, REFUSED_MEMBERS, REFUSED_YAML, YAML_FORMS } from '../support/refused-yaml.ts';
import { problems } from '../support/seed.ts';
import { findSchemaErrors, parseSeed } from '../support/seed-schema.ts';

const SCHEMA = JSON.parse(toSeedSchemaText());

/** What is refused and no JSON Schema can say, with the reason. What it learns to say is struck off. */
const BEYOND: [message: string, reason: string][] = [
  ['JSON has no .nan', 'to YAML it is a number, and metadata may have any'],
  ['1 appears twice', 'a schema sees each name once'],
  ['organizations[0].api_keys[1].key: duplicate key', 'no keyword compares members of two items'],
  ['organizations[1].organization_id: duplicate organization_id', 'no keyword compares members of two items'],
  ['tiers.pro.search: 61 is more than data (60)', 'no keyword compares numbers, and data is one of the mock'],
  ['tiers.pro.upload: 30 is less than the lower tier free gets (31)', 'as above'],
  ['clock.frozen_at: expected a time like', 'that February has 28 days'],
  ['the text after # is a comment', 'a parser skips comments'],
  ['organizations[0].organization_name: null characters and unpaired', 'engines of patterns disagree on surrogates'],
  ['0o14 is read as 12', 'to YAML it is a number'],
  ['a seed is read as YAML 1.2', 'a parser obeys directives'],
  ['Unsupported YAML version 1.3', 'a parser obeys directives'],
  ['Unknown directive %FOO', 'a parser obeys directives'],
  ['b appears twice', 'a schema sees each name once'],
  ['b appears twice', 'a schema sees each name once'],
  ['tiers.pro.search: 61 is more than data (60)', 'no keyword compares numbers'],
  ['expected the smaller number first', 'no keyword compares numbers'],
  ['faults[1].id: duplicate id', 'no keyword compares members of two items'],
];

interface Case {
  name: string;
  text: string;
  messages: string[];
}

const cases: Case[] = [
  { name: 'seed.yaml', text: withFaults('  - { status: 503 }\n'.repeat(101)), messages: ['100 rules at most'] },
  ...REFUSED_SEEDS.map(([text, messages]) => ({ name: 'seed.yaml', text, messages })),
  ...REFUSED_SETTINGS.map(([text, messages]) => ({ name: 'seed.yaml', text: withSettings(text), messages })),
  ...REFUSED_MEMBERS.map(([yaml, ...messages]) => ({
    name: 'seed.yaml',
    text: organization(yaml),
    messages: messages.map(String),
  })),
  ...MEANT_MEMBERS.map(([yaml]) => ({ name: 'seed.yaml', text: organization(yaml), messages: ['unknown member'] })),
  ...REFUSED_YAML.map(([text, ...messages]) => ({ name: 'seed.yaml', text, messages })),
  ...REFUSED_JSON.map(([text, ...messages]) => ({ name: 'seed.json', text, messages: messages.map(String) })),
  ...REFUSED_RULES.map(([rule, found]) => ({
    name: 'seed.json',
    text: withFaultsInJson(JSON.stringify([rule])),
    messages: found.map(([, message]) => ` ${message}`),
  })),
  ...REFUSED_FAULTS.map(([, text, messages]) => ({ name: 'seed.yaml', text: withFaults(text), messages })),
  ...REFUSED_FAULTS_IN_JSON.map(([, text, messages]) => ({
    name: 'seed.json',
    text: withFaultsInJson(text),
    messages,
  })),
];

/** Whether neither a parser nor the schema finds anything. */
function isAccepted(name: string, text: string): boolean {
  let value: unknown;
  try {
    value = parseSeed(text, name);
  } catch {
    return false;
  }
  return findSchemaErrors(value).length === 0;
}

describe('the JSON Schema of a seed', () => {
  it('is one of draft 2020-12', () => {
    expect(SCHEMA.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(new Ajv2020().validateSchema(SCHEMA)).toBe(true);
  });

  it('refuses what is refused, but for what it cannot say', () => {
    const missed = cases.filter(({ name, text }) => isAccepted(name, text)).map(({ messages }) => messages.join('; '));
    expect(missed).toEqual(BEYOND.map(([message]) => expect.stringContaining(message)));
  });

  it('is about seeds that are refused', async () => {
    for (const { name, text } of cases) expect(await problems(text, name), text).not.toEqual([]);
  });

  it.each<[string, unknown]>([
    ['the built-in seed', DEFAULT_SEED],
    ['one with every member', parseSeed(FULL_SEED)],
    ...YAML_FORMS.map(([name, text]): [string, unknown] => [name, parseSeed(text)]),
  ])('accepts %s', (_name, value) => {
    expect(findSchemaErrors(value)).toEqual([]);
  });

  it.each(['json', 'yaml'])('accepts an exported state in %s', async (type) => {
    const app = await startControl();
    for (const seed of [undefined, FULL_SEED]) {
      const headers = { 'content-type': 'application/yaml' };
      if (seed !== undefined) await app.ask('PUT', `${DEFAULT}/state`, seed, { headers });
      const accept = { headers: { accept: `application/${type}` } };
      const { status, text } = await app.ask('GET', `${DEFAULT}/state`, undefined, accept);
      expect([status, findSchemaErrors(parseSeed(text, `seed.${type}`))]).toEqual([200, []]);
    }
  });

  it('takes the fault rules that the mock takes, whatever their members together', () => {
    const members: Record<string, unknown[]> = {
      preset: [undefined, ...Object.keys(FAULT_PRESETS)],
      connection: [undefined, 'reset', 'half_body', { drip_bytes_per_second: 1 }],
      status: [undefined, 503, 204],
      delay_ms: [undefined, 5, { uniform: [1, 2] }],
      delay_clock: [undefined, 'real'],
      headers: [undefined, {}],
      body: [undefined, 'x'],
      probability: [undefined, 0.5],
      random_seed: [undefined, 1],
      ttl_ms: [undefined, 5],
      expires_at: [undefined, '2030-01-01'],
    };
    const rules = Object.entries(members).reduce<Record<string, unknown>[]>(
      (some, [name, values]) =>
        some.flatMap((rule) => values.map((value) => (value === undefined ? rule : { ...rule, [name]: value }))),
      [{}],
    );
    const differing = rules.filter((rule) => (check(FaultSeed, rule).data !== undefined) !== isFault(rule));
    expect([rules.length, differing]).toEqual([27_648, []]);
  });

  it('takes the keys that the mock takes, whatever their members together', () => {
    const all = { key: 'sk_test_a', key_hash: 'a'.repeat(64), key_prefix: 'sk_test_a' };
    for (let chosen = 0; chosen < 8; chosen++) {
      const key = Object.fromEntries(Object.entries(all).filter((_, index) => chosen & (1 << index)));
      const seed = { version: 1, organizations: [{ organization_id: 'org_a', api_keys: [key] }] };
      expect([key, findSchemaErrors(seed).length === 0]).toEqual([key, check(ApiKeySeed, key).data !== undefined]);
    }
  });

  it('describes the members of a seed, of its organizations, keys and fault rules', () => {
    const { properties } = SCHEMA;
    const { items } = properties.organizations;
    const described = [SCHEMA, items, items.properties.api_keys.items, properties.faults.items].flatMap((schema) =>
      Object.entries<{ description?: string }>(schema.properties),
    );
    expect(described.length).toBeGreaterThan(50);
    expect(described.filter(([, { description }]) => description === undefined)).toEqual([]);
  });
});

const isFault = (rule: object): boolean =>
  findSchemaErrors({ version: 1, faults: [rule], organizations: [{ organization_id: 'org_a' }] }).length === 0;
