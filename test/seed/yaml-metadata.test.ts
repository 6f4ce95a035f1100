import { describe, expect, it } from 'vitest';
import { problems, read } from '../support/seed.ts';

const withMetadata = (yaml: string) =>
  `version: 1\norganizations:\n  - organization_id: org_a\n    metadata: ${yaml}\n`;
const first = async (text: string) => (await read(text)).state.organizations[0];

describe('metadata in YAML', () => {
  it.each([
    ['{ a: 12:30 }', '{"a":"12:30"}'],
    ['{ a: 2025-01-01 }', '{"a":"2025-01-01"}'],
    ['{ a: 2025-01-01T00:00:00Z }', '{"a":"2025-01-01T00:00:00Z"}'],
    ['{ a: ~, b: null, c: , d: NULL }', '{"a":null,"b":null,"c":null,"d":null}'],
    ['{ a: True, b: FALSE }', '{"a":true,"b":false}'],
    ['{ a: "no", b: "012", c: "1_000" }', '{"a":"no","b":"012","c":"1_000"}'],
    ['{ a: 1.10, b: -0, c: 1e3, d: 1e400, e: 0.0 }', '{"a":1.10,"b":-0,"c":1e3,"d":1e400,"e":0.0}'],
    ['{ a: 123456789012345678901234567890 }', '{"a":123456789012345678901234567890}'],
    [
      '{ a: 1.2.3, b: 1-2, c: 0x, d: 1.5e, e: v1_0, f: "_1" }',
      '{"a":"1.2.3","b":"1-2","c":"0x","d":"1.5e","e":"v1_0","f":"_1"}',
    ],
    ['{ a: !!str 123, b: ! 0x10, c: !!int 3, d: !!map { x: 1 } }', '{"a":"123","b":"0x10","c":3,"d":{"x":1}}'],
    [
      '{ 1: a, no: b, null: c, true: d, 1.0: e, 012: f }',
      '{"1":"a","no":"b","null":"c","true":"d","1.0":"e","012":"f"}',
    ],
    ['{ "": a, "~": b, "<<": c }', '{"":"a","~":"b","<<":"c"}'],
    ['{ &k a: 1, b: &v 2, c: *v }', '{"a":1,"b":2,"c":2}'],
    ['{ &x a: 1, b: *x }', '{"a":1,"b":"a"}'],
    ['{ a: &x 1, b: *x, c: &x 2, d: *x }', '{"a":1,"b":1,"c":2,"d":2}'],
    ['{ __proto__: { a: 1 }, constructor: 2, toString: 3 }', '{"__proto__":{"a":1},"constructor":2,"toString":3}'],
    ['{ a: "\\ud800", b: "\\ud83d\\ude00", c: "\\0" }', '{"a":"\\ud800","b":"\\ud83d\\ude00","c":"\\u0000"}'],
    ['{ 10: a, 2: b }', '{"10":"a","2":"b"}'],
    ['{ a: Acme#1, b: "Acme #1" } # a comment', '{"a":"Acme#1","b":"Acme #1"}'],
    ['{ a: [x, y: 1] }', '{"a":["x",{"y":1}]}'],
    ['\n      a: x # a comment\n      #b: y\n      c: z #', '{"a":"x","c":"z"}'],
    ['{}', '{}'],
    ['{ a: {}, b: [] }', '{"a":{},"b":[]}'],
  ])('%s is kept as %s', async (yaml, metadata) => {
    expect((await first(withMetadata(yaml)))?.metadata).toBe(metadata);
  });

  const octal = (number: string, ten: string, eight: string) =>
    `${number} is read as ${ten}: write ${ten}, ${eight} if it is octal, or "${number}" in quotes for text`;
  const number = (sent: string, value: string) =>
    `${sent} is read as ${value}: write ${value}, or "${sent}" in quotes for text`;
  const boolean = (word: string, value: string) =>
    `${word} is text in YAML 1.2 and ${value} in YAML 1.1: write ${value}, or "${word}" in quotes`;
  const old = (text: string) =>
    `${text} is text in YAML 1.2 and a number in YAML 1.1: write the number as JSON does, or "${text}" in quotes`;

  it.each([
    ...['yes', 'Yes', 'YES', 'on', 'On', 'y', 'Y'].map((word) => [`{ a: ${word} }`, `20: ${boolean(word, 'true')}`]),
    ...['no', 'No', 'NO', 'off', 'OFF', 'n', 'N'].map((word) => [`{ a: ${word} }`, `20: ${boolean(word, 'false')}`]),
    ['[no]', `16: ${boolean('no', 'false')}`],
    ['{ a: 012 }', `20: ${octal('012', '12', '10')}`],
    ['{ a: -012 }', `20: ${octal('-012', '-12', '-10')}`],
    ['{ a: 00 }', `20: ${octal('00', '0', '0')}`],
    ['{ a: 089 }', `20: ${number('089', '89')}`],
    ['{ a: 0o14 }', `20: ${number('0o14', '12')}`],
    ['{ a: 0x10 }', `20: ${number('0x10', '16')}`],
    ['{ a: +1 }', `20: ${number('+1', '1')}`],
    ['{ a: .5 }', `20: ${number('.5', '0.5')}`],
    ['{ a: 1. }', `20: ${number('1.', '1')}`],
    ['{ a: 1_000 }', `20: ${old('1_000')}`],
    ['{ a: 1_000.5 }', `20: ${old('1_000.5')}`],
    ['{ a: 0b101 }', `20: ${old('0b101')}`],
    ['{ a: 0x1_0 }', `20: ${old('0x1_0')}`],
    ['{ a: .inf }', '20: JSON has no .inf'],
    ['{ a: -.INF }', '20: JSON has no -.INF'],
    ['{ a: .NaN }', '20: JSON has no .NaN'],
    ['{ a: !!binary aGk= }', '29: the tag !!binary means nothing in JSON: remove it'],
    ['{ a: !!set { x: } }', '26: the tag !!set means nothing in JSON: remove it'],
    ['{ a: !!omap [x: 1] }', '27: the tag !!omap means nothing in JSON: remove it'],
    ['{ a: !!timestamp 2025-01-01 }', '32: the tag !!timestamp means nothing in JSON: remove it'],
    ['{ a: !!int 012 }', `26: ${octal('012', '12', '10')}`],
    ['{ !!binary aGk=: 1 }', '26: the tag !!binary means nothing in JSON: remove it'],
    ['{ a: !foo bar }', '20: Unresolved tag: !foo: remove the tag, or put quotes around a text that starts with !'],
    [
      '{ a: !!bool yes }',
      '20: Unresolved tag: tag:yaml.org,2002:bool: remove the tag, or put quotes around a text that starts with !',
    ],
    ['{ <<: { a: 1 } }', '17: YAML 1.2 does not merge with <<: write the members out'],
    ['{ ? [a] : 1 }', '19: the name of a member is text: put quotes around it'],
    ['{ ~: 1 }', '17: a name is missing before the colon: write "" or "~" if that is meant'],
    ['{ : 1 }', '16: a name is missing before the colon: write "" or "~" if that is meant'],
    ['{ a: &x 1, *x : 2 }', '26: *x is not a name: write the name out, or put it in quotes'],
    ['{a:1, b: 2}', '16: a:1 is a name without a value: write a colon and a space between name and value'],
    ['{ a }', '17: a is a name without a value: write a colon and a space between name and value'],
    ['{ a: 1, a: 2 }', '23: a appears twice'],
    ['{ a: { b: 1, "b": 2 } }', '28: b appears twice'],
    ['{ 1: a, "1": b }', '23: 1 appears twice'],
    ['{ a: *nope }', '20: there is no anchor &nope; put quotes around a text that starts with *'],
    ['{ a: *x, b: &x 1 }', '20: there is no anchor &x; put quotes around a text that starts with *'],
    ['&x { a: *x }', '23: *x is inside of what it repeats'],
    ['{ a: @x }', '20: not YAML: Plain value cannot start with reserved character @'],
  ])('%s is an error at column %s', async (yaml, expected) => {
    expect(await problems(withMetadata(yaml))).toEqual([`seed.yaml:4:${expected}`]);
  });

  it('is nested as deep as the API takes', async () => {
    const nested = (levels: number) => `{ a: ${'['.repeat(levels - 1)}${']'.repeat(levels - 1)} }`;
    expect((await first(withMetadata(nested(99))))?.metadata).toMatch(/^\{"a":\[{98}\]{98}\}$/);
    const tooDeep = 'is nested deeper than the API accepts: 100 levels, the body being the first';
    expect(await problems(withMetadata(nested(100)))).toEqual([`seed.yaml:4:118: ${tooDeep}`]);
  });

  it.each(['[', '{a: ', '- ', '? ', '!a [', '&a ['])(
    'of a million times %j ends neither the process nor the patience',
    async (text) => {
      const [problem] = await problems(withMetadata(`\n${text.repeat(1_000_000 / text.length)}`));
      expect(problem).toMatch(/is nested deeper than the API accepts|not YAML/);
    },
  );
});
