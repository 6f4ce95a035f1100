import * as z from 'zod';
import { timeOf, toTimestamp } from '../domain/clock.ts';
import { conflict, invalidBody } from '../domain/errors.ts';
import { ACCOUNT_TYPES, type AccountType } from '../domain/rate-limits.ts';
import { DEFAULT_SANDBOX, type Settings } from '../domain/state.ts';
import type { AddRoute } from '../http/openapi.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { buildSeed } from '../seed/build.ts';
import { readSeedContent, SETTINGS_SHAPE, type SeedContent } from '../seed/content.ts';
import { isJsonText, readSeedText } from '../seed/file.ts';
import { oneOf, storable, strictObject, wholeNumber } from '../seed/values.ts';
import { readSeed, seedBody } from './members.ts';
import { createSandboxes } from './new-sandboxes.ts';
import { done, type FindSandbox, GONE, InSandbox, next, Paging, refusal, SEED_LIMIT } from './routes.ts';
import { MADE, MadeSandboxView, SANDBOX, SandboxView, toBaseUrl, toMadeView, toSandboxView } from './sandbox-views.ts';

const MAX_COUNT = 100;
const DEFAULT_ACCOUNT_TYPE: AccountType = 'pro';
/** A year. */
const MAX_TTL_SECONDS = 366 * 24 * 60 * 60;
const NAME_WRONG = 'expected 1 to 100 characters';

const NewSandboxes = seedBody(
  strictObject({
    count: wholeNumber(1, MAX_COUNT).default(1),
    name: storable.min(1, NAME_WRONG).max(100, NAME_WRONG).optional().describe('For people'),
    account_type: oneOf(ACCOUNT_TYPES).optional().describe('Of the one organization, where there is no seed'),
    seed: z.unknown().meta({ type: ['object', 'string'], description: 'The content of a seed file, or its text' }),
    keys: oneOf(['new', 'as_given']).default('new').describe('Whether each key of the seed is issued anew, or kept'),
    ttl_seconds: wholeNumber(1, MAX_TTL_SECONDS)
      .optional()
      .describe('Removed when nobody has used it for so long, in real time'),
    ...SETTINGS_SHAPE,
  })
    .partial({ seed: true })
    .refine(({ seed, account_type }) => seed === undefined || account_type === undefined, {
      path: ['account_type'],
      message: 'goes without seed only: a seed says the tier of each organization',
    })
    .refine(({ keys, count }) => keys === 'new' || count === 1, {
      path: ['keys'],
      message: 'as_given goes with one sandbox only: a key belongs to one',
    }),
);

const Deleted = z.strictObject({ ids: z.array(z.string()).min(1).max(1000) });

/** `/sandboxes`: making, listing and removing whole worlds. */
export function addSandboxRoutes(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  const tags = ['sandboxes'];

  add(
    'POST',
    '/sandboxes',
    {
      tags,
      summary: 'Make sandboxes, each with keys of its own',
      body: NewSandboxes,
      bodyLimit: SEED_LIMIT,
      toExamples: () => EXAMPLES,
      response: {
        201: done(z.strictObject({ sandboxes: z.array(MadeSandboxView) }), { sandboxes: [MADE] }),
        409: refusal('Too many sandboxes, or a key that another one has'),
      },
    },
    async ({ body, exchange: { bytes }, headers: { host } }) => {
      const { count, name = null, account_type = DEFAULT_ACCOUNT_TYPE, seed, keys, ttl_seconds, ...settings } = body;
      const ttl_ms = ttl_seconds === undefined ? null : ttl_seconds * 1000;
      if (count * (bytes?.length ?? 0) > SEED_LIMIT) throw tooMuch(count);
      const base = await sandboxes.readBaseSettings();
      const content = seed === undefined ? undefined : await readSeed(['seed'], () => toContent(seed, base));
      const options = { count, name, ttl_ms, account_type, seed: content, keys, settings };
      const made = await readSeed([], () => createSandboxes(sandboxes, base, options));
      return { sandboxes: made.map((one) => toMadeView(one, toBaseUrl(host))) };
    },
  );

  add(
    'GET',
    '/sandboxes',
    {
      tags,
      summary: 'Every sandbox, oldest first',
      querystring: Paging,
      response: {
        200: done(z.strictObject({ sandboxes: z.array(SandboxView), next }), { sandboxes: [SANDBOX], next: null }),
      },
    },
    async ({ query, headers: { host } }) => {
      await sandboxes.removeExpired();
      const page = await sandboxes.stored.pageSandboxes(query.cursor, query.limit);
      return { sandboxes: page.items.map((one) => toSandboxView(sandboxes, one, toBaseUrl(host))), next: page.next };
    },
  );

  add(
    'GET',
    '/sandboxes/:sandbox_id',
    { tags, summary: 'One sandbox', params: InSandbox, response: { 200: done(SandboxView, SANDBOX) } },
    async ({ params, headers: { host } }) => {
      await find(params);
      const listed = await sandboxes.stored.listSandbox(params.sandbox_id);
      return listed && toSandboxView(sandboxes, listed, toBaseUrl(host));
    },
  );

  add(
    'DELETE',
    '/sandboxes/:sandbox_id',
    {
      tags,
      summary: 'Remove a sandbox, with all that is in it',
      params: InSandbox,
      response: { 204: GONE, 409: refusal('default stays') },
    },
    async ({ params }) => {
      await find(params);
      await remove(sandboxes, [params.sandbox_id]);
    },
  );

  add(
    'POST',
    '/sandboxes/delete',
    {
      tags,
      summary: 'Remove sandboxes; those that are gone already do not matter',
      body: Deleted,
      toExamples: () => ({ one: { summary: 'One of them', value: { ids: [MADE.sandbox_id] } } }),
      response: { 204: GONE, 409: refusal('default stays') },
    },
    ({ body }) => remove(sandboxes, body.ids),
  );
}

const EXAMPLES = {
  one: { summary: 'One, with an organization of the tier pro', value: {} },
  many: {
    summary: 'Ten that are removed after ten minutes without use',
    value: { count: 10, account_type: 'team', name: 'ci', ttl_seconds: 600 },
  },
  seeded: {
    summary: 'What a seed says, with a frozen clock',
    value: {
      seed: {
        version: 1,
        organizations: [{ organization_id: 'org_acme', api_keys: [{ key: 'sk_test_acme', permissions: ['read'] }] }],
      },
      clock: '2026-01-01T00:00:00Z',
      limits: 'enforce',
    },
  },
};

async function remove(sandboxes: Sandboxes, ids: string[]): Promise<undefined> {
  if (ids.includes(DEFAULT_SANDBOX)) {
    const hint = `POST /_mock/sandboxes/${DEFAULT_SANDBOX}/reset takes it back to its start`;
    throw conflict(`The sandbox ${DEFAULT_SANDBOX} is always there`, hint);
  }
  await sandboxes.remove(ids);
}

/** Making them keeps everybody else waiting. */
const tooMuch = (count: number) =>
  invalidBody([
    {
      type: 'value_error',
      loc: ['body', 'count'],
      msg: `${count} of this size are more than ${SEED_LIMIT / 1024 / 1024} MiB together: make fewer at once`,
    },
  ]);

/**
 * The content of a seed that contradicts itself nowhere, whatever is said beside it.
 * @throws {SeedContentError} {@link LocatedSeedError}
 */
async function toContent(seed: unknown, base: Settings): Promise<SeedContent> {
  const checkAll = (content: SeedContent) => {
    buildSeed(content, toTimestamp(timeOf(base.clock)), base);
    return content;
  };
  if (typeof seed === 'string') return readSeedText(seed, isJsonText(seed), checkAll);
  return checkAll(readSeedContent(seed));
}
