import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/domain/state.ts';
import { NOW, problems, read } from '../support/seed.ts';

const CLOCK = '2030-01-01T00:00:00Z';
const FROZEN = { frozen_at: Date.UTC(2030, 0, 1), offset_ms: 0 };
const yaml = (settings: string) => `version: 1\n${settings}\norganizations: [{ organization_id: org_a }]\n`;
const json = (settings: string) => `{"version": 1, ${settings}, "organizations": [{"organization_id": "org_a"}]}`;

describe('the settings of a seed', () => {
  it('are all as they are without any, where it has none', async () => {
    expect((await read(yaml(''))).state.settings).toEqual(DEFAULT_SETTINGS);
  });

  it.each<[string, object]>([
    [`clock: ${CLOCK}`, { clock: FROZEN }],
    [`clock: { frozen_at: ${CLOCK} }`, { clock: FROZEN }],
    ['clock: { frozen_at: 2030-01-01T01:00:00+01:00 }', { clock: FROZEN }],
    ['clock: 2030-01-01', { clock: FROZEN }],
    ['clock: { offset_ms: -3600000 }', { clock: { frozen_at: null, offset_ms: -3_600_000 } }],
    ['clock: { offset_ms: 0 }', { clock: { frozen_at: null, offset_ms: 0 } }],
    ['limits: off', { limits: 'off' }],
    ['limits: enforce', { limits: 'enforce' }],
    ['api_version: "0.82"', { api_version: '0.82' }],
    ['unknown_fields: reject', { unknown_fields: 'reject' }],
    [
      'tiers: { pro: { search: 59, monthly_credits: 7 } }',
      {
        tiers: {
          ...DEFAULT_SETTINGS.tiers,
          pro: { ...DEFAULT_SETTINGS.tiers.pro, search: 59, monthly_credits: 7 },
        },
      },
    ],
  ])('%s is one that only changes itself', async (settings, expected) => {
    expect((await read(yaml(settings))).state.settings).toEqual({ ...DEFAULT_SETTINGS, ...expected });
  });

  it('are the same in JSON', async () => {
    const settings =
      '"clock": {"frozen_at": "2030-01-01T00:00:00Z"}, "limits": "off", "api_version": "0.82", "unknown_fields": "reject"';
    expect((await read(json(settings), 'seed.json')).state.settings).toEqual({
      ...DEFAULT_SETTINGS,
      clock: FROZEN,
      limits: 'off',
      api_version: '0.82',
      unknown_fields: 'reject',
    });
  });

  it('give an organization without created_at the time of their clock, unless a flag has another', async () => {
    const text = yaml('clock: { frozen_at: 2031-05-06T07:08:09.5Z }');
    expect((await read(text, 'seed.yaml', null)).state.organizations[0]?.created_at).toBe(
      '2031-05-06T07:08:09.500000Z',
    );
    expect((await read(text)).state.organizations[0]?.created_at).toBe(NOW);
  });

  const ONE_CLOCK = 'expected either frozen_at, a time like 2027-01-01T00:00:00Z, or offset_ms';
  it.each<[string, string[]]>([
    ['clok: 2030-01-01', ['2:1: clok: unknown member: did you mean clock?']],
    ['limit: off', ['2:1: limit: unknown member: did you mean limits?']],
    ['apiVersion: "0.82"', ['2:1: apiVersion: unknown member: did you mean api_version?']],
    ['unknown_feilds: reject', ['2:1: unknown_feilds: unknown member: did you mean unknown_fields?']],
    ['limits: enforced', ['2:1: limits: did you mean enforce?']],
    ['limits: 5', ['2:1: limits: expected one of off, headers, enforce']],
    ['unknown_fields: refuse', ['2:1: unknown_fields: expected one of ignore, reject']],
    ['unknown_fields: rejects', ['2:1: unknown_fields: did you mean reject?']],
    ['clock: soon', ['2:1: clock.frozen_at: expected a time like 2027-01-01T00:00:00Z']],
    ['clock: { frozen_at: 2030-02-30 }', ['2:10: clock.frozen_at: expected a time like 2027-01-01T00:00:00Z']],
    ['clock: 5', [`2:1: clock: ${ONE_CLOCK}, found a number`]],
    ['clock: {}', [`2:1: clock: ${ONE_CLOCK}`]],
    [`clock: { frozen_at: ${CLOCK}, offset_ms: 0 }`, [`2:1: clock: ${ONE_CLOCK}`]],
    [
      'clock: { offset: 5 }',
      ['2:10: clock.offset: unknown member: did you mean offset_ms?', `2:1: clock: ${ONE_CLOCK}`],
    ],
    [
      'clock: { frozen: 2030-01-01 }',
      ['2:10: clock.frozen: unknown member: did you mean frozen_at?', `2:1: clock: ${ONE_CLOCK}`],
    ],
    [
      'clock: { offset_ms: 1.5 }',
      ['2:10: clock.offset_ms: expected a whole number from -253402300799999 to 253402300799999'],
    ],
    ['clock: [1]', [`2:1: clock: ${ONE_CLOCK}, found a list`]],
    ['tiers: { pro: { serach: 5 } }', ['2:17: tiers.pro.serach: unknown member: did you mean search?']],
    ['tiers: { pro: { search: 0 } }', ['2:17: tiers.pro.search: expected a whole number from 1 to 9007199254740991']],
  ])('%s is refused at its place', async (settings, expected) => {
    expect(await problems(yaml(settings))).toEqual(expected.map((line) => `seed.yaml:${line}`));
  });

  it('are refused at their place in JSON too', async () => {
    expect(await problems(json('\n "limits": "on",\n "clock": {"offset": 1}'), 'seed.json')).toEqual([
      'seed.json:3:12: clock.offset: unknown member: did you mean offset_ms?',
      `seed.json:3:2: clock: ${ONE_CLOCK}`,
      'seed.json:2:2: limits: expected one of off, headers, enforce',
    ]);
  });
});
