import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findApiKeys, isApiKey, toKeyPrefix } from '../../src/domain/redact.ts';
import {
  complete,
  countChips,
  cutKeys,
  hasTerm,
  matches,
  parseFilter,
  withoutTerm,
  withTerm,
} from '../../src/inspector/filter.ts';
import { buildSummary } from './summaries.ts';

const REQUESTS = {
  get: buildSummary(),
  patch: buildSummary({
    seq: 2,
    request_id: 'req_patch',
    method: 'PATCH',
    ms: 100,
    changed: ['metadata', 'billing_email'],
  }),
  limited: buildSummary({ seq: 3, status: 429, error: 'Rate limit exceeded' }),
  missing: buildSummary({
    seq: 4,
    method: 'POST',
    path: '/v1/Buckets, new',
    status: 501,
    api_key_id: 'key_other',
    key_prefix: 'sk_test_xy',
    organization_id: 'org_other',
    bucket: { category: 'data', limit: 10, remaining: 9, full_at: null },
  }),
  faulted: buildSummary({ seq: 5, status: 429, fault: 'flt_1', ms: 250.5, bucket: null }),
  cut: buildSummary({ seq: 6, status: null, outcome: 'cut', fault: 'flt_10', changed: ['rate_limits'] }),
  open: buildSummary({
    seq: null,
    request_id: 'req_open',
    status: null,
    outcome: 'open',
    ms: null,
    bucket: null,
    api_key_id: null,
    key_prefix: null,
    organization_id: null,
  }),
};
const ALL = Object.keys(REQUESTS);
const allBut = (...names: string[]) => ALL.filter((name) => !names.includes(name));

const find = (text: string) => {
  const filter = parseFilter(text);
  return Object.entries(REQUESTS)
    .filter(([, summary]) => matches(filter, summary))
    .map(([name]) => name);
};

it.each<[string, string[]]>([
  ['', ALL],
  ['  ', ALL],
  ['patch', ['patch']],
  ['V1/BUCKETS', ['missing']],
  ['501', ['missing']],
  ['req_open', ['open']],
  ['key_other', ['missing']],
  ['sk_test', ['missing']],
  ['org_other', ['missing']],
  ['flt_1', ['faulted', 'cut']],
  ['patch,post', ['patch', 'missing']],
  ['"Buckets, new"', ['missing']],
  ['"buckets, old"', []],
  ['get 429', ['limited', 'faulted']],
  ['-get', ['patch', 'missing']],
  ['-get,post', ['patch']],
  ['-"buckets, new" -get', ['patch']],
  ['status:4xx', ['limited', 'faulted']],
  ['status:4XX,501', ['limited', 'missing', 'faulted']],
  ['status:429', ['limited', 'faulted']],
  ['-status:2xx', allBut('get', 'patch')],
  ['STATUS:200 method:get', ['get']],
  ['method:pat', []],
  ['path:buckets', ['missing']],
  ['path:"buckets, new"', ['missing']],
  ['org:org_demo123', allBut('missing', 'open')],
  ['org:org_demo', []],
  ['key:key_other', ['missing']],
  ['key:sk_test_xy…', ['missing']],
  ['key:sk_test', ['missing']],
  ['key:test', []],
  ['bucket:data', ['missing']],
  ['bucket:metadata', ['get', 'patch', 'limited', 'cut']],
  ['changed:metadata,rate_limits', ['patch', 'cut']],
  ['changed:email', ['patch']],
  ['-changed:metadata', allBut('patch')],
  ['fault:flt_1', ['faulted']],
  ['fault:FLT_10', ['cut']],
  ['is:ok', ['get', 'patch']],
  ['is:changed', ['patch', 'cut']],
  ['is:refused', ['limited', 'missing', 'faulted']],
  ['is:limited', ['limited']],
  ['is:faulted', ['faulted', 'cut']],
  ['is:cut,open', ['cut', 'open']],
  ['-is:open', allBut('open')],
  ['ms:>100', ['faulted']],
  ['ms:>=100', ['patch', 'faulted']],
  ['ms:<100', allBut('patch', 'faulted', 'open')],
  ['ms:<=100', allBut('faulted', 'open')],
  ['ms:>250.4', ['faulted']],
  ['ms:<1,>200', ['faulted']],
  ['status:', ALL],
  ['status:,', ALL],
  ['-', ALL],
  ['-status:', ALL],
  ['""', ALL],
  ['-""', ALL],
  ['method:""', ALL],
  ['status:429,', ['limited', 'faulted']],
  ['"is:ok"', []],
  ['path:"buckets', ['missing']],
])('%s finds %j', (text, names) => {
  expect(find(text)).toEqual(names);
  expect(parseFilter(text).problems).toEqual([]);
});

it.each<[string, string[], string[]]>([
  ['status:9xx', ALL, ['status: takes 429 or 4xx, not 9xx']],
  ['status:42', ALL, ['status: takes 429 or 4xx, not 42']],
  ['status:501,4', ['missing'], ['status: takes 429 or 4xx, not 4']],
  ['bucket:meta', ALL, ['bucket: takes metadata, data, search, upload, compute, not meta']],
  ['is:broken', ALL, ['is: takes ok, changed, refused, limited, faulted, cut, open, not broken']],
  ['ms:100', ALL, ['ms: takes >100 or <5, not 100']],
  ['is:constructor', ALL, ['is: takes ok, changed, refused, limited, faulted, cut, open, not constructor']],
  [
    'foo:x patch',
    ['patch'],
    [
      'Unknown filter foo: – in quotes it is a word, known are status: method: path: org: key: bucket: changed: fault: is: ms:',
    ],
  ],
])('what is not understood is left out, and said: %s', (text, names, problems) => {
  expect(find(text)).toEqual(names);
  expect(parseFilter(text).problems).toEqual(problems);
});

it('neither throws nor hangs on any text', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 30 }), (text, cursor) => {
      find(text);
      const { from, to } = complete(text, Math.min(cursor, text.length), Object.values(REQUESTS));
      expect([from <= cursor, from <= to, to <= text.length]).toEqual([true, true, true]);
    }),
  );
  expect(find('"'.repeat(100_001) + '-a:'.repeat(10_000))).toEqual([]);
});

it('each chip counts what its filter finds', () => {
  const { all, ...counts } = countChips(Object.values(REQUESTS));
  expect(all).toBe(ALL.length);
  expect(counts).toEqual({ ok: 2, changed: 2, refused: 3, limited: 1, faulted: 2, cut: 1, open: 1 });
  for (const [state, count] of Object.entries(counts)) expect(find(`is:${state}`)).toHaveLength(count);
});

describe('completion', () => {
  const seen = Object.values(REQUESTS);
  /** The cursor is at `|`. Answers with the text after the first option was taken, and all of them. */
  const at = (marked: string) => {
    const cursor = marked.indexOf('|');
    const text = marked.replace('|', '');
    const { from, to, options } = complete(text, cursor, seen);
    return [`${text.slice(0, from)}${options[0] ?? ''}${text.slice(to)}`, options];
  };
  const NAMES = ['status:', 'method:', 'path:', 'org:', 'key:', 'bucket:', 'changed:', 'fault:', 'is:', 'ms:'];

  it.each<[string, string, string[]]>([
    ['|', 'status:', NAMES],
    ['patch |', 'patch status:', NAMES],
    ['|patch', 'status:', NAMES],
    ['m|', 'method:', ['method:', 'ms:']],
    ['-M|', '-method:', ['method:', 'ms:']],
    ['a m| b', 'a method: b', ['method:', 'ms:']],
    ['-|', '-status:', NAMES],
    ['|-is:ok', 'status:', NAMES],
    ['patc|', '', []],
    ['sta|tus:4xx', '', []],
    ['st|a:4xx', 'status:4xx', ['status:']],
    ['status:|', 'status:2xx', ['2xx', '200', '4xx', '429', '5xx', '501']],
    ['status:4|', 'status:4xx', ['4xx', '429']],
    ['status:4xx,5|', 'status:4xx,5xx', ['5xx', '501']],
    ['status:4|,5xx x', 'status:4xx,5xx x', ['4xx', '429']],
    ['status:42|9', 'status:429', []],
    ['status:429|', 'status:', []],
    ['method:p|', 'method:PATCH', ['PATCH', 'POST']],
    ['-method:|', '-method:GET', ['GET', 'PATCH', 'POST']],
    ['path:buck|', 'path:"/v1/Buckets, new"', ['"/v1/Buckets, new"']],
    ['path:"buckets, n|"', 'path:"/v1/Buckets, new"', ['"/v1/Buckets, new"']],
    ['org:|', 'org:org_demo123', ['org_demo123', 'org_other']],
    ['key:te|', 'key:sk_test_xy', ['sk_test_xy']],
    ['bucket:u|', 'bucket:upload', ['upload', 'compute']],
    ['changed:|', 'changed:metadata', ['metadata', 'billing_email', 'rate_limits']],
    ['fault:|', 'fault:flt_1', ['flt_1', 'flt_10']],
    ['is:|', 'is:ok', ['ok', 'changed', 'refused', 'limited', 'faulted', 'cut', 'open']],
    ['ms:|', 'ms:>100', ['>100', '>1000', '<5']],
    ['foo:|', 'foo:', []],
  ])('%s', (marked, text, options) => {
    const [completed, offered] = at(marked);
    expect(offered).toEqual(options);
    if (options.length > 0) expect(completed).toBe(text);
  });

  it('offers twelve values at most, those of most requests first', () => {
    const many = Array.from({ length: 30 }, (_, index) => buildSummary({ path: `/p${index % 20}` }));
    const { options } = complete('path:', 5, many);
    expect(options).toEqual(Array.from({ length: 12 }, (_, index) => `/p${index}`));
  });

  it('knows what is always possible before anything was seen', () => {
    expect(complete('is:o', 4, []).options).toEqual(['ok', 'open']);
    expect(complete('status:', 7, []).options).toEqual([]);
  });
});

describe('a term of a chip', () => {
  it.each([
    ['', 'is:ok', 'is:ok'],
    ['patch', 'is:ok', 'patch is:ok'],
    ['  a  "b  c" ', 'is:ok', 'a "b  c" is:ok'],
    ['a IS:ok b', 'is:ok', 'a IS:ok b'],
    ['-is:ok b', 'is:ok', 'b is:ok'],
    ['is:ok', '-is:ok', '-is:ok'],
  ])('%j with %s is %j', (text, term, result) => {
    expect(withTerm(text, term)).toBe(result);
    expect(hasTerm(result, term)).toBe(true);
  });

  it.each([
    ['is:ok', 'is:ok', ''],
    ['a is:ok "b  c" Is:Ok', 'is:ok', 'a "b  c"'],
    ['a  -is:ok is:open', 'is:ok', 'a  -is:ok is:open'],
  ])('%j without %s is %j', (text, term, result) => {
    expect(withoutTerm(text, term)).toBe(result);
    expect(hasTerm(result, term)).toBe(false);
  });
});

describe('keys that are pasted', () => {
  const key = fc
    .tuple(
      fc.constantFrom('sk_', 'sk_live_', 'sk_test_', 'mxp_sk_', 'ret_sk_', 'mxp_sk_live_', 'sk_live_sk_test_'),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,112}$/),
    )
    .map(([start, rest]) => start + rest);

  it('are cut as everywhere', () => {
    fc.assert(
      fc.property(key, (one) => {
        fc.pre(isApiKey(one) && one.length > 10);
        expect(cutKeys(one)).toBe(toKeyPrefix(one));
        expect(cutKeys(`a key:${one} "${one}",x`)).toBe(`a key:${toKeyPrefix(one)} "${toKeyPrefix(one)}",x`);
      }),
      { numRuns: 2000 },
    );
  });

  it('are found wherever the server finds one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(key, fc.string({ maxLength: 3 }), fc.constantFrom('a', ' ', 'mxp_', '"'))),
        (parts) => {
          const text = parts.join('');
          const cut = cutKeys(text);
          expect(findApiKeys(cut).filter(({ length }) => length > 10)).toEqual([]);
          expect(cutKeys(cut)).toBe(cut);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['sk_live_abc123def456', 'sk_live_ab'],
    ['sk_test_abc', 'sk_test_a'],
    ['sk_live_ab', 'sk_live_ab'],
    ['sk_l', 'sk_l'],
    [`sk_${'a'.repeat(125)}`, 'sk_aaaaaaa'],
    [`sk_${'a'.repeat(126)}`, 'sk_'],
    ['task_identifier_of_something', 'task_identifier_of_something'],
    ['-key:mxp_sk_abcdefghijk', '-key:mxp_sk_abc'],
  ])('%s becomes %s', (text, cut) => {
    expect(cutKeys(text)).toBe(cut);
  });

  it('find the requests of the key', () => {
    expect(find(cutKeys('key:sk_live_abc123def456'))).toEqual(find('key:sk_live_ab'));
    expect(find('key:sk_live_ab')).toHaveLength(5);
  });
});
