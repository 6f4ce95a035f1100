import fc from 'fast-check';

export const blank = fc.stringMatching(/^[ \t\r\n]{0,2}$/);
const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?$/);
const escaped = fc.stringMatching(/^(\\u[0-9a-fA-F]{4}|\\["\\/bfnrt]){1,3}$/);
/** What parsers of YAML and JavaScript take for something else. */
const odd = fc.constantFrom(
  ...[
    '\u2028',
    '\u0085',
    '\ufeff',
    '\x7f',
    '\u200b',
    '\ud83d\ude00',
    '# no',
    ': ',
    '- ',
    '---',
    '...',
    '*x',
    '&x',
    '<<',
    '~',
  ],
);
const string = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text).slice(1, -1)),
      odd,
      escaped,
    ),
  )
  .map((parts) => `"${parts.join('')}"`);

/** JSON. */
export interface Text {
  /** With blanks between the tokens. */
  sent: string;
  /** The same without. */
  compact: string;
}

const leaf = fc
  .oneof(number, string, fc.constantFrom('true', 'false', 'null'))
  .map((text): Text => ({ sent: text, compact: text }));

const join = (open: string, close: string, parts: Text[], blanks: string[]): Text => ({
  sent: `${open}${blanks[0]}${parts.map(({ sent }) => sent).join(`${blanks[1]},${blanks[2]}`)}${blanks[3]}${close}`,
  compact: `${open}${parts.map(({ compact }) => compact).join(',')}${close}`,
});

const blanks = fc.array(blank, { minLength: 4, maxLength: 4 });

/** Random JSON text: no name twice in an object, because only the last of them would come back. */
export const { value, object } = fc.letrec<{ value: Text; object: Text; array: Text }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('array'), tie('object')),
  array: fc.tuple(fc.array(tie('value'), { maxLength: 4 }), blanks).map(([items, b]) => join('[', ']', items, b)),
  object: fc
    .tuple(
      fc.uniqueArray(fc.tuple(fc.oneof(string, fc.constantFrom('"__proto__"', '"10"', '"2"')), tie('value'), blank), {
        maxLength: 4,
        selector: ([name]) => JSON.parse(name),
      }),
      blanks,
    )
    .map(([members, b]) =>
      join(
        '{',
        '}',
        members.map(([name, { sent, compact }, gap]) => ({
          sent: `${name}${gap}:${gap}${sent}`,
          compact: `${name}:${compact}`,
        })),
        b,
      ),
    ),
}));
