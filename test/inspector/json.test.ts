import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffJson, type JsonNode, parseJson, toLines, toText } from '../../src/inspector/json.ts';

/** Of a text that is JSON. */
function parse(text: string): JsonNode {
  const node = parseJson(text);
  if (node === undefined) throw new Error(`not JSON: ${text}`);
  return node;
}

const print = (text: string) =>
  toLines(parse(text))
    .map(({ depth, tokens }) => '  '.repeat(depth) + tokens.map((token) => token.text).join(''))
    .join('\n');

const diff = (before: string, after: string) => diffJson(parse(before), parse(after));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const SCALARS = [
  '1.10',
  '1e400',
  '-0',
  '1234567890123456789',
  '1E+2',
  '"\\u0041"',
  '"\u2028"',
  '"\\ud800"',
  'null',
  'true',
];
/** JSON text without whitespace, with members that JavaScript would lose or move. */
const compact: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc.constantFrom(...SCALARS),
      fc.jsonValue({ maxDepth: 0 }).map((value) => JSON.stringify(value)),
    ),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items}]`),
    fc
      .array(fc.tuple(fc.constantFrom('"10"', '"2"', '"__proto__"', '"a.b"', '""', '"\\u0061"', '"a"'), tie('value')), {
        maxLength: 4,
      })
      .map((members) => `{${members.map(([key, value]) => `${key}:${value}`)}}`),
  ),
})).value;

describe('parseJson', () => {
  it('keeps digits, the order of members, duplicates and __proto__', () => {
    const text = '{"10":1.10,"2":1e400,"__proto__":{"a":1},"a":1234567890123456789,"a":-0.0,"\\u0061":[true,null]}';
    expect(toText(parse(` ${text.replaceAll(',', ' ,\n').replaceAll(':', '\t:\r')} `))).toBe(text);
    expect(parse(text)).toEqual({
      kind: 'object',
      members: [
        { name: '10', key: '"10"', value: { kind: 'number', text: '1.10' } },
        { name: '2', key: '"2"', value: { kind: 'number', text: '1e400' } },
        {
          name: '__proto__',
          key: '"__proto__"',
          value: { kind: 'object', members: [{ name: 'a', key: '"a"', value: { kind: 'number', text: '1' } }] },
        },
        { name: 'a', key: '"a"', value: { kind: 'number', text: '1234567890123456789' } },
        { name: 'a', key: '"a"', value: { kind: 'number', text: '-0.0' } },
        {
          name: 'a',
          key: '"\\u0061"',
          value: {
            kind: 'array',
            items: [
              { kind: 'literal', text: 'true' },
              { kind: 'literal', text: 'null' },
            ],
          },
        },
      ],
    });
  });

  it('gives back any JSON text as it was', () => {
    fc.assert(
      fc.property(compact, (text) => {
        expect(toText(parse(text))).toBe(text);
      }),
    );
  });

  it.each([
    '',
    ' ',
    '{',
    '[1',
    '[1,]',
    '[,1]',
    '{"a":1,}',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '[1}',
    '{"a":1]',
    '1 2',
    '[1]]',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '-',
    '"',
    '"\\x"',
    '"\\u12G4"',
    '"\\',
    '"a\nb"',
    '"\u001f"',
    "'a'",
    'NaN',
    'Infinity',
    'nul',
    'nullx',
    'True',
    '\ufeff1',
    '\u00a01',
    '[1 2]',
    '{"a" 1}',
    '{"a":1 "b":2}',
  ])('%j is not JSON', (text) => {
    expect(parseJson(text)).toBeUndefined();
    expect(isJson(text)).toBe(false);
  });

  it('takes what JSON.parse takes, and nothing else', () => {
    const broken = fc
      .tuple(
        compact,
        fc.nat(),
        fc.nat({ max: 2 }),
        fc.constantFrom('', '"', ',', '{', ']', ' ', '\\', '0', '.', 'e', '\u0001'),
      )
      .map(
        ([text, at, length, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + length),
      );
    fc.assert(
      fc.property(broken, (text) => {
        expect(parseJson(text) !== undefined).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes 2,000 levels, and neither overflows nor throws on more', () => {
    const nest = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const deepest = parse(nest(2000));
    expect(toText(deepest)).toBe(nest(2000));
    expect(toLines(deepest)).toHaveLength(3999);
    expect(diffJson(deepest, deepest)).toEqual([]);
    expect(parseJson(nest(2001))).toBeUndefined();
    expect(parseJson(nest(100_000))).toBeUndefined();
    expect(parseJson('['.repeat(100_000))).toBeUndefined();
    const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(toText(parse(objects(2000)))).toBe(objects(2000));
    expect(parseJson(objects(2001))).toBeUndefined();
    expect(diffJson(parse(objects(2000)), parse(objects(1999)))).toHaveLength(1);
  });

  it('reads a string of megabytes', () => {
    const text = `"${'\\n\\"x'.repeat(1_000_000)}"`;
    expect(parseJson(text)).toEqual({ kind: 'string', text });
  });
});

describe('toLines', () => {
  it('is indented as JSON.stringify does it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, null, 2);
        // -0 is written as 0, and members that are numbers are moved: what was written is what is read.
        expect(print(text)).toBe(text);
      }),
    );
  });

  it('loses nothing between the lines', () => {
    fc.assert(
      fc.property(compact, (text) => {
        expect(toText(parse(print(text)))).toBe(text);
      }),
    );
  });

  it('says of each line what it is about, token by token', () => {
    expect(toLines(parse('{"a":{"b":[1,{}]},"c.d":"x","":null}'))).toEqual([
      { depth: 0, path: '', tokens: [{ kind: 'punctuation', text: '{' }] },
      {
        depth: 1,
        path: 'a',
        tokens: [
          { kind: 'key', text: '"a"' },
          { kind: 'punctuation', text: ': ' },
          { kind: 'punctuation', text: '{' },
        ],
      },
      {
        depth: 2,
        path: 'a.b',
        tokens: [
          { kind: 'key', text: '"b"' },
          { kind: 'punctuation', text: ': ' },
          { kind: 'punctuation', text: '[' },
        ],
      },
      {
        depth: 3,
        path: 'a.b[0]',
        tokens: [
          { kind: 'number', text: '1' },
          { kind: 'punctuation', text: ',' },
        ],
      },
      { depth: 3, path: 'a.b[1]', tokens: [{ kind: 'punctuation', text: '{}' }] },
      { depth: 2, path: 'a.b', tokens: [{ kind: 'punctuation', text: ']' }] },
      {
        depth: 1,
        path: 'a',
        tokens: [
          { kind: 'punctuation', text: '}' },
          { kind: 'punctuation', text: ',' },
        ],
      },
      {
        depth: 1,
        path: '["c.d"]',
        tokens: [
          { kind: 'key', text: '"c.d"' },
          { kind: 'punctuation', text: ': ' },
          { kind: 'string', text: '"x"' },
          { kind: 'punctuation', text: ',' },
        ],
      },
      {
        depth: 1,
        path: '[""]',
        tokens: [
          { kind: 'key', text: '""' },
          { kind: 'punctuation', text: ': ' },
          { kind: 'literal', text: 'null' },
        ],
      },
      { depth: 0, path: '', tokens: [{ kind: 'punctuation', text: '}' }] },
    ]);
  });
});

describe('diffJson', () => {
  it.each([
    ['added', '{"a":1}', '{"a":1,"b":{"c":2}}', [{ path: 'b', before: null, after: '{"c":2}' }]],
    ['removed', '{"a":1,"b":2}', '{"b":2}', [{ path: 'a', before: '1', after: null }]],
    [
      'changed deep inside',
      '{"a":{"b":{"c":1},"d":2}}',
      '{"a":{"b":{"c":3},"d":2}}',
      [{ path: 'a.b.c', before: '1', after: '3' }],
    ],
    ['of another kind', '{"a":{"b":1}}', '{"a":[1]}', [{ path: 'a', before: '{"b":1}', after: '[1]' }]],
    [
      'an array is compared as a whole',
      '{"a":[1,{"b":2}]}',
      '{"a":[1,{"b":3}]}',
      [{ path: 'a', before: '[1,{"b":2}]', after: '[1,{"b":3}]' }],
    ],
    [
      'digits count',
      '{"a":1.10,"b":1234567890123456789}',
      '{"a":1.1,"b":1234567890123456788}',
      [
        { path: 'a', before: '1.10', after: '1.1' },
        { path: 'b', before: '1234567890123456789', after: '1234567890123456788' },
      ],
    ],
    ['the outermost value', '1', '"1"', [{ path: '', before: '1', after: '"1"' }]],
    ['whitespace is none', '{"a":[1,2],"b":{}}', ' { "a" : [ 1 , 2 ] , "b" : { } } ', []],
    ['the order of members is none', '{"a":1,"b":2}', '{"b":2,"a":1}', []],
    ['the last duplicate counts', '{"a":1,"a":2}', '{"a":2}', []],
    ['names are compared by what they mean', '{"\\u0061":1}', '{"a":2}', [{ path: 'a', before: '1', after: '2' }]],
    [
      '__proto__ is a name',
      '{"__proto__":1}',
      '{"__proto__":2,"constructor":1}',
      [
        { path: '__proto__', before: '1', after: '2' },
        { path: 'constructor', before: null, after: '1' },
      ],
    ],
    [
      'a dot in a name',
      '{"a":{"b":1}}',
      '{"a.b":1}',
      [
        { path: 'a', before: '{"b":1}', after: null },
        { path: '["a.b"]', before: null, after: '1' },
      ],
    ],
  ])('%s', (_, before, after, differences) => {
    expect(diff(before, after)).toEqual(differences);
  });

  it('a value that is not there differs from every other', () => {
    expect(diffJson(undefined, undefined)).toEqual([]);
    expect(diffJson(undefined, parse('{"a": 1}'))).toEqual([{ path: '', before: null, after: '{"a":1}' }]);
    expect(diffJson(parse('null'), undefined)).toEqual([{ path: '', before: 'null', after: null }]);
  });

  it('finds none between a value and itself, however it is written', () => {
    fc.assert(
      fc.property(compact, (text) => {
        expect(diffJson(parse(text), parse(print(text)))).toEqual([]);
      }),
    );
  });
});
