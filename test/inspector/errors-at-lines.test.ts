import { expect, it } from 'vitest';
import { placeErrors } from '../../src/inspector/errors-at-lines.ts';
import { parseJson, toLines } from '../../src/inspector/json.ts';

/** The errors by the text of their line. */
function place(body: string, errors: [loc: (string | number)[], type?: string][]) {
  const node = parseJson(body);
  const lines = node === undefined ? [] : toLines(node);
  const placed = placeErrors(
    lines,
    errors.map(([loc, type = 'string_type']) => ({ loc, type, msg: 'wrong' })),
  );
  return [...placed].map(([line, texts]) => [line, lines[line]?.tokens.map(({ text }) => text).join(''), ...texts]);
}

it.each<[string, string, [loc: (string | number)[], type?: string][], unknown[]]>([
  ['at its member', '{"a":1,"b":2}', [[['body', 'b']]], [[2, '"b": 2', 'wrong']]],
  ['at a member deep inside', '{"a":{"b":1},"c":{"b":2}}', [[['body', 'c', 'b']]], [[5, '"b": 2', 'wrong']]],
  [
    'where a value begins, not where it ends',
    '{"a":{"b":1},"c":[1]}',
    [[['body', 'a']], [['body', 'c']]],
    [
      [1, '"a": {', 'wrong'],
      [4, '"c": [', 'wrong'],
    ],
  ],
  [
    'at an item',
    '{"a":["x",{"b":1}]}',
    [[['body', 'a', 0]], [['body', 'a', 1, 'b']]],
    [
      [2, '"x",', 'wrong'],
      [4, '"b": 1', 'wrong'],
    ],
  ],
  ['two on a line', '{"a":1}', [[['body', 'a']], [['body', 'a'], 'int_type']], [[1, '"a": 1', 'wrong', 'wrong']]],
  [
    'a type that was tried',
    '{"a":{"b":1}}',
    [[['body', 'a', 'b', 'int']], [['body', 'a', 'str']]],
    [
      [2, '"b": 1', 'wrong'],
      [1, '"a": {', 'wrong'],
    ],
  ],
  ['the tag of a union in between', '{"a":{"b":1}}', [[['body', 'a', 'openai', 'b', 'int']]], [[2, '"b": 1', 'wrong']]],
  ['a missing member', '{"a":1}', [[['body', 'b'], 'missing']], [[0, '{', 'b: wrong']]],
  ['a missing member inside', '{"a":1,"b":[{"c":1}]}', [[['body', 'b', 0, 'd'], 'missing']], [[3, '{', 'd: wrong']]],
  ['the whole body', '{"a":1}', [[['body'], 'model_type']], [[0, '{', 'wrong']]],
  ['a whole body that is missing', '', [[['body'], 'missing']], [[0, undefined, 'wrong']]],
  ['a body that is not JSON', '{"a"', [[['body', 4], 'json_invalid']], [[0, undefined, 'wrong']]],
  ['an array', '[1,2]', [[['body', 1]]], [[2, '2', 'wrong']]],
  [
    'the last of two with a name',
    '{"a":{"b":1},"c":1,"a":{"d":1}}',
    [[['body', 'a']], [['body', 'a', 'b']]],
    [[5, '"a": {', 'wrong', 'wrong']],
  ],
  ['a name with a dot', '{"a":{"b":1},"a.b":2}', [[['body', 'a.b']]], [[4, '"a.b": 2', 'wrong']]],
  [
    'a name that is a number is no item',
    '{"a":{"0":1}}',
    [[['body', 'a', '0']], [['body', 'a', 0]]],
    [
      [2, '"0": 1', 'wrong'],
      [1, '"a": {', 'wrong'],
    ],
  ],
  ['what is not about the body', '{"limit":1}', [[['query', 'limit']], [['path', 'limit']]], []],
])('an error is placed: %s', (_, body, errors, placed) => {
  expect(place(body, errors)).toEqual(placed);
});
