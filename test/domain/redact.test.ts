import { describe, expect, it } from 'vitest';
import { isApiKey, isKeyPrefix, maskKey, redactKeys, toKeyPrefix } from '../../src/domain/redact.ts';

const KEYS: [key: string, shown: string][] = [
  ['sk_live_abc123def456', 'sk_live_ab'],
  ['sk_test_xyz789', 'sk_test_xy'],
  ['sk_test_abcd', 'sk_test_ab'],
  ['sk_test_abc', 'sk_test_a'],
  ['sk_test_ab', 'sk_test_a'],
  ['sk_test_a', 'sk_test_'],
  ['sk_test_', 'sk_test_'],
  ['sk_live_replace_me', 'sk_live_re'],
  ['sk_live_sk_live_abc123def456', 'sk_live_sk'],
  ['sk_1234567890abcdef', 'sk_1234567'],
  ['sk_a', 'sk_'],
  ['mxp_sk_abc_1', 'mxp_sk_ab'],
  ['mxp_sk_-bV3_qZ0xK4mN8', 'mxp_sk_-bV'],
  ['ret_sk_Zm9v-YmFy_abc', 'ret_sk_Zm9'],
  [`sk_${'a'.repeat(125)}`, 'sk_aaaaaaa'],
];

const OTHERS = [
  '',
  'sk_',
  'sk',
  'sk-abc123',
  'mxp_sk_',
  'SK_LIVE_ABC123',
  'xsk_abc',
  'pk_live_abc123',
  'mxp_abc',
  'sk_live_abc.def',
  'sk_live_abc+def=',
  'sk_live_ä',
  ' sk_live_abc',
  'sk_live_abc\n',
  `sk_${'a'.repeat(126)}`,
];

describe('a key', () => {
  it.each(KEYS)('%s is one, and shown as %s', (key, shown) => {
    expect([isApiKey(key), toKeyPrefix(key), maskKey(key)]).toEqual([true, shown, `${shown}…`]);
    expect(isKeyPrefix(shown)).toBe(true);
    expect(redactKeys(`"${key}" ${key}&`)).toBe(`"${shown}…" ${shown}…&`);
  });

  it.each(OTHERS)('%j is not one, and nothing of it is shown as one', (text) => {
    expect([isApiKey(text), maskKey(text)]).toEqual([false, '…']);
  });

  it.each([['sk_live_abc'], ['mxp_sk_abcd'], ['sk_live_é'], ['live'], ['']])('%j cannot be its prefix', (text) => {
    expect(isKeyPrefix(text)).toBe(false);
  });
});

describe('keys in a text are masked', () => {
  it.each([
    ['a sk_live_abc123def456 b sk_test_q', 'a sk_live_ab… b sk_test_…'],
    ['{"k":"sk_test_xyz789"}', '{"k":"sk_test_xy…"}'],
    ['/sk%5Ftest%5fxyz%37', '/sk_…'],
    ['/sk%255Flive_a%252562c', '/sk_…'],
    ['/a%20sk_test_xyz789', '/a%20sk_test_xy…'],
    ['/a%2520sk_test_xyz789', '/a%2520sk_test_xy…'],
    ['?key=mxp_sk_abc_1&b', '?key=mxp_sk_ab…&b'],
    ['?key=%6dxp%5fsk_secret&b', '?key=sk_…&b'],
    ['?key=mxp%5Fsk%2Dsecret%2D1', '?key=mxp%5Fsk%2Dsecret%2D1'],
    ['\\u0073k_live_abc', 'sk_…'],
    ['sk_live_\\\\u0061bc', 'sk_…'],
    ['sk_live_a\\u002dbc', 'sk_…'],
    ['"line\\nsk_test_xyz789\\n"', '"line\\nsk_test_xy…\\n"'],
    ['"\\u00e9sk_test_xyz789"', '"\\u00e9sk_test_xy…"'],
    ['"\\u0020sk_test_xyz789"', '"\\u0020sk_test_xy…"'],
    ['sk_live_ab\\u2026, sk_live_ab\\\\u2026', 'sk_live_ab\\u2026, sk_live_ab\\\\u2026'],
    ['sk_live_abc\\u2026', 'sk_live_a…\\u2026'],
    ['s\\u0000k\\u0000_\\u0000t\\u0000x\\u0000', 'sk_…'],
    [`sk_live_${'a'.repeat(500)}`, 'sk_…'],
    ['?k=sk_live_abc123sk_test_xyz789&b', '?k=sk_live_ab…&b'],
    ['sk_live_abc.def', 'sk_live_a….def'],
    ['xmxp_sk_abc123', 'xmxp_sk_abc…'],
    ['sk_live_abc123def456…', 'sk_live_ab……'],
  ])('%s becomes %s', (text, redacted) => {
    expect(redactKeys(text)).toBe(redacted);
  });

  it.each([
    'task_id',
    '{"task_queue":true,"disk_usage":1,"risk_level":"x","sub_task_1":2}',
    '/v1/tasks/task_abc123',
    '/v1/tasks/%74%61sk_id',
    't\\u0061sk_id',
    'ta\\u0073k_id',
    't\\u0000a\\u0000s\\u0000k\\u0000_\\u0000i\\u0000d',
    '3sk_abc',
    'sk_ is the beginning of a key, desk_ is not',
    'sk_live_ab… mxp_sk_… sk_…',
    'the key sk_live_ab... is revoked',
  ])('%s stays whole', (text) => {
    expect(redactKeys(text)).toBe(text);
    expect(redactKeys(redactKeys(text))).toBe(text);
  });

  it('in time that grows with the text, not with its square', () => {
    const runs = [
      '\\',
      '%',
      '%25',
      '25',
      's',
      'sk_',
      'ask_',
      'sk_live_',
      'm',
      'mxp_',
      's\\u0000',
      '\\u0000',
      '\\\\u0073',
    ];
    const started = process.cpuUsage();
    for (const run of runs) {
      const text = run.repeat(1_000_000 / run.length);
      redactKeys(text);
      redactKeys(`${text}sk_live_abc`);
    }
    const { user } = process.cpuUsage(started);
    // Minutes, where a key is looked for at each place of a run.
    expect(user / 1e6).toBeLessThan(10);
  });
});
