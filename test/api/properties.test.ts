import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildTestApp } from '../support/harness.ts';
import { blank, object, value } from '../support/json-text.ts';

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
