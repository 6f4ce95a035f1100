import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/domain/state.ts';
import { ONE_CLOCK, REFUSED_SETTINGS, withSettings } from '../support/refused-seeds.ts';
import { NOW, problems, read } from '../support/seed.ts';

const CLOCK = '2030-01-01T00:00:00Z';
const FROZEN = { frozen_at: Date.UTC(2030, 0, 1), offset_ms: 0 };
const json = (settings: string) => `{"version": 1, ${settings}, "organizations": [{"organization_id": "org_a"}]}`;

describe('the settings of a seed', () => {
  it('are all as they are without any, where it has none', async () => {
    expect((await read(withSettings(''))).state.settings).toEqual(DEFAULT_SETTINGS);
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
    expect((await read(withSettings(settings))).state.settings).toEqual({ ...DEFAULT_SETTINGS, ...expected });
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
    const text = withSettings('clock: { frozen_at: 2031-05-06T07:08:09.5Z }');
    expect((await read(text, 'seed.yaml', null)).state.organizations[0]?.created_at).toBe(
      '2031-05-06T07:08:09.500000Z',
    );
    expect((await read(text)).state.organizations[0]?.created_at).toBe(NOW);
  });

  it.each(REFUSED_SETTINGS)('%s is refused at its place', async (settings, expected) => {
    expect(await problems(withSettings(settings))).toEqual(expected.map((line) => `seed.yaml:${line}`));
  });

  it('are refused at their place in JSON too', async () => {
    expect(await problems(json('\n "limits": "on",\n "clock": {"offset": 1}'), 'seed.json')).toEqual([
      'seed.json:3:12: clock.offset: unknown member: did you mean offset_ms?',
      `seed.json:3:2: clock: ${ONE_CLOCK}`,
      'seed.json:2:2: limits: expected one of off, headers, enforce',
    ]);
  });
});
