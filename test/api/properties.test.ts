import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildTestApp } from '../support/harness.ts';

const blank = fc.stringMatching(/^[ \t\r\n]{0,2}$/);
const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?$/);
const escaped = fc.stringMatching(/^(\\u[0-9a-fA-F]{4}|\\["\\/bfnrt]){1,3}$/);
const string = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text).slice(1, -1)),
      escaped,
    ),
  )
  .map((parts) => `"${parts.join('')}"`);

interface Text {
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
const { value, object } = fc.letrec<{ value: Text; object: Text; array: Text }>((tie) => ({
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

it('metadata that is accepted comes back text for text, blanks aside, from the PATCH and from the next GET', async () => {
  const { patch, get } = await buildTestApp({ level: 'error' });
  await fc.assert(
    fc.asyncProperty(object, blank, async ({ sent, compact }, gap) => {
      const answer = await patch(`{${gap}"metadata"${gap}:${gap}${sent}${gap}}`);
      expect(answer.status).toBe(200);
      expect(answer.text).toContain(`,"metadata":${compact},"billing_email":`);
      expect((await get()).text).toBe(answer.text);
    }),
    { numRuns: 300, seed: 1 },
  );
});

it('a body that is refused changes nothing, whatever it is, and nothing is a 500', async () => {
  const { patch, get } = await buildTestApp({ level: 'error' });
  const name = fc.constantFrom('organization_name', 'logo_url', 'billing_email', 'metadata', 'rate_limits', 'other');
  const limits = fc
    .array(fc.tuple(fc.constantFrom('metadata', 'data', 'search', 'upload', 'compute', 'x'), value), { maxLength: 3 })
    .map((members) => `{${members.map(([category, { sent }]) => `"${category}":${sent}`).join(',')}}`);
  const member = fc
    .tuple(
      name,
      fc.oneof(
        value.map(({ sent }) => sent),
        limits,
      ),
    )
    .map(([key, text]) => `"${key}":${text}`);
  const model = fc.array(member, { maxLength: 4 }).map((members) => `{${members.join(',')}}`);
  const cut = fc.tuple(model, fc.nat(40)).map(([text, length]) => text.slice(0, -length - 1));
  const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        model,
        model,
        cut,
        value.map(({ sent }) => sent),
        bytes,
      ),
      async (body) => {
        const before = (await get()).text;
        const answer = await patch(body);
        expect([200, 400, 422]).toContain(answer.status);
        if (answer.status !== 200) expect((await get()).text).toBe(before);
        else expect((await get()).text).toBe(answer.text);
      },
    ),
    { numRuns: 500, seed: 1 },
  );
});
