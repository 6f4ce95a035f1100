import * as z from 'zod';
import { type ApiKey, hashApiKey } from '../domain/api-key.ts';
import { freezeAt } from '../domain/clock.ts';
import { invalidBody } from '../domain/errors.ts';
import type { Organization } from '../domain/organization.ts';
import { LIMITS_MODES, readBucket } from '../domain/rate-limiter.ts';
import { limitOf, RATE_LIMIT_CATEGORIES, type RateLimitCategory } from '../domain/rate-limits.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import { setRateLimitHeaders, toRateLimited } from '../http/rate-limit-headers.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { BUCKET, Bucket, Limits, MAX_KEYS, toBucketView, toLimitsView } from './limits-view.ts';
import { category, done, type FindSandbox, InSandbox, refusal } from './routes.ts';

const LimitsUpdate = z.strictObject({ mode: z.enum(LIMITS_MODES) });
const key = {
  api_key: z.string().optional().describe('Whose; either this or api_key_id'),
  api_key_id: z.string().optional().describe('Whose, by the id that buckets and the journal show'),
};
const EITHER = [{ required: ['api_key'] }, { required: ['api_key_id'] }];
const Spend = z
  .strictObject({
    ...key,
    category,
    count: z
      .union([z.number().int().min(1), z.literal('all')])
      .default(1)
      .describe('How many; all: what is left'),
  })
  .meta({ oneOf: EITHER });
const Refill = z
  .strictObject({ ...key, category: category.optional() })
  .meta({ oneOf: [...EITHER, { maxProperties: 0 }] });

const MODES = { off: 'Not even counted', headers: 'Counted and reported', enforce: 'A 429 beyond the limit' };

const Spent = Bucket.extend({
  spent: integer().describe('What was taken: count, or 0 where the bucket had less and the mode is not enforce'),
}).meta({ id: 'Spent' });

/** `…/limits`: the buckets of the keys that were used, how strict they are, and how to consume and refill them at once. */
export function addLimitsRoutes(add: AddRoute, find: FindSandbox): void {
  const tags = ['limits'];
  const response = { 200: done(Limits, { mode: 'headers', buckets: [BUCKET], more: 0 }) };

  add(
    'GET',
    '/limits',
    { tags, summary: `The buckets of the last ${MAX_KEYS} keys that were used`, params: InSandbox, response },
    async ({ params }) => toLimitsView(await find(params)),
  );

  add(
    'PUT',
    '/limits',
    {
      tags,
      summary: 'How strict the limits are, until the next start or reset',
      params: InSandbox,
      body: LimitsUpdate,
      toExamples: () =>
        Object.fromEntries(LIMITS_MODES.map((mode) => [mode, { summary: MODES[mode], value: { mode } }])),
      response,
    },
    async ({ params, body }) => {
      const { sandbox } = await find(params);
      const updated = await sandbox.updateSettings((settings) => ({ ...settings, limits: body.mode }));
      return toLimitsView({ sandbox, settings: updated.after, now: updated.now });
    },
  );

  add(
    'POST',
    '/limits/spend',
    {
      tags,
      summary: 'Consume requests of a bucket, all or nothing',
      params: InSandbox,
      body: Spend,
      toExamples: ({ api_key_id }) => ({
        ...(api_key_id !== undefined && {
          one: { summary: 'One request for search', value: { api_key_id, category: 'search', count: 1 } },
        }),
      }),
      response: {
        200: done(Spent, { ...BUCKET, spent: 10 }),
        429: refusal('In mode enforce: the bucket has less. As the API answers it, with its headers'),
      },
    },
    async ({ params, body }, reply) => {
      const { sandbox, settings, now } = await find(params);
      const { category, count } = body;
      const apiKey = await findKey(sandbox, body);
      const organization = await findOrganization(sandbox, apiKey);
      const limit = limitOf(settings.tiers, organization, category);
      const wanted = count === 'all' ? await findRemaining(sandbox, apiKey, category, limit, now) : count;
      const spending = await sandbox.buckets.charge(apiKey, category, limit, now, wanted);
      const spent = spending.isAllowed ? wanted : 0;
      if (spent === wanted || settings.limits !== 'enforce') {
        return { ...toBucketView(apiKey, organization, settings.tiers, category, spending.state, now), spent };
      }
      setRateLimitHeaders(reply, spending.state);
      throw toRateLimited(spending, category, 'mock.spend', sandbox.sandbox_id);
    },
  );

  add(
    'POST',
    '/limits/refill',
    {
      tags,
      summary: 'Refill every bucket, those of a key, or one',
      params: InSandbox,
      body: Refill,
      toExamples: ({ api_key_id }) => ({
        all: { summary: 'Every bucket', value: {} },
        ...(api_key_id !== undefined && {
          key: { summary: 'Those of a key', value: { api_key_id } },
          one: { summary: 'One bucket', value: { api_key_id, category: 'search' } },
        }),
      }),
      response,
    },
    async ({ params, body }) => {
      const live = await find(params);
      const { buckets } = live.sandbox;
      if (Object.keys(body).length === 0) await buckets.refill();
      else await buckets.refill((await findKey(live.sandbox, body)).api_key_id, body.category);
      return toLimitsView(live);
    },
  );
}

async function findKey(
  sandbox: Sandbox,
  { api_key, api_key_id }: { api_key?: string | undefined; api_key_id?: string | undefined },
) {
  if ((api_key === undefined) === (api_key_id === undefined)) {
    throw invalidBody([{ type: 'value_error', loc: ['body'], msg: 'expected either api_key or api_key_id' }]);
  }
  const by = api_key === undefined ? { api_key_id: api_key_id ?? '' } : { key_hash: hashApiKey(api_key) };
  const found = await sandbox.findApiKey(by);
  if (found !== undefined) return found;
  const member = api_key === undefined ? 'api_key_id' : 'api_key';
  throw invalidBody([{ type: 'value_error', loc: ['body', member], msg: 'the sandbox has no such key' }]);
}

/**
 * Lets a key send nothing more: in mode `enforce`, with empty buckets, and at a clock that stands, since they would fill up
 * again as time goes by.
 */
export async function exhaust(sandbox: Sandbox, apiKey: ApiKey): Promise<void> {
  const { after, now } = await sandbox.updateSettings((settings, now) => ({
    ...settings,
    limits: 'enforce',
    clock: freezeAt(now),
  }));
  const organization = await findOrganization(sandbox, apiKey);
  for (const category of RATE_LIMIT_CATEGORIES) {
    const limit = limitOf(after.tiers, organization, category);
    const left = await findRemaining(sandbox, apiKey, category, limit, now);
    await sandbox.buckets.charge(apiKey, category, limit, now, left);
  }
}

async function findRemaining(
  { buckets }: Sandbox,
  { api_key_id }: ApiKey,
  category: RateLimitCategory,
  limit: number,
  now: number,
): Promise<number> {
  const used = (await buckets.list()).find(({ apiKey }) => apiKey.api_key_id === api_key_id);
  return readBucket(used?.byCategory[category], limit, now).remaining;
}

async function findOrganization(sandbox: Sandbox, { organization_id }: ApiKey): Promise<Organization> {
  const organization = await sandbox.findOrganization(organization_id);
  if (organization === undefined) throw new Error('the organization of a key is gone');
  return organization;
}
