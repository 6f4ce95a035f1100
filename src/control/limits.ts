import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { type ApiKey, hashApiKey } from '../domain/api-key.ts';
import { LATEST, toTimestamp } from '../domain/clock.ts';
import { invalidBody } from '../domain/errors.ts';
import { type BucketState, LIMITS_MODES, readBucket } from '../domain/rate-limiter.ts';
import { limitOf, RATE_LIMIT_CATEGORIES, type RateLimitCategory, type Tiers } from '../domain/rate-limits.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { LiveSandbox } from '../sandbox/sandboxes.ts';
import { setRateLimitHeaders, toRateLimited } from '../wire/rate-limit-headers.ts';
import { describedAs, type RouteDocument } from './openapi.ts';
import { requireSandbox } from './require-sandbox.ts';

const LimitsUpdate = z.strictObject({ mode: z.enum(LIMITS_MODES) });
const key = {
  api_key: z.string().optional().describe('Whose; either this or api_key_id'),
  api_key_id: z.string().optional().describe('Whose, by the id that buckets and the journal show'),
};
const category = z.enum(RATE_LIMIT_CATEGORIES);
const EITHER = [{ required: ['api_key'] }, { required: ['api_key_id'] }];
const Spend = z.strictObject({ ...key, category, count: z.number().int().min(1).default(1) }).meta({ oneOf: EITHER });
const Refill = z
  .strictObject({ ...key, category: category.optional() })
  .meta({ oneOf: [...EITHER, { maxProperties: 0 }] });

const SWITCHING = {
  summary: 'How strict the limits are, until the next start or reset',
  answer: 'Limits',
  toExamples: () => Object.fromEntries(LIMITS_MODES.map((mode) => [mode, { summary: MODES[mode], value: { mode } }])),
} as const;
const MODES = { off: 'Not even counted', headers: 'Counted and reported', enforce: 'A 429 beyond the limit' };

const SPENDING = {
  summary: 'Drain a bucket, all or nothing',
  answer: 'Spent',
  toExamples: (api_key_id) =>
    api_key_id === undefined
      ? {}
      : { one: { summary: 'One request for search', value: { api_key_id, category: 'search', count: 1 } } },
  refusals: { 429: 'In mode enforce: the bucket has less. As the API answers it, with its headers' },
} satisfies RouteDocument;

const REFILLING = {
  summary: 'Fill every bucket, those of a key, or one',
  answer: 'Limits',
  toExamples: (api_key_id) => ({
    all: { summary: 'Every bucket', value: {} },
    ...(api_key_id !== undefined && {
      key: { summary: 'Those of a key', value: { api_key_id } },
      one: { summary: 'One bucket', value: { api_key_id, category: 'search' } },
    }),
  }),
} satisfies RouteDocument;

/** `…/limits`: the buckets of every key that was used, how strict they are, and how to drain and fill them at once. */
export function addLimitsRoutes(scope: FastifyInstance): void {
  const control = scope.withTypeProvider<ZodTypeProvider>();

  control.get(
    '/limits',
    describedAs({ summary: 'The buckets of every key that was used', answer: 'Limits' }),
    async (request) => toView(await requireSandbox(request)),
  );

  control.put(
    '/limits',
    {
      ...describedAs(SWITCHING),
      schema: { body: LimitsUpdate },
    },
    async (request) => {
      const { sandbox } = await requireSandbox(request);
      const updated = await sandbox.updateSettings((settings) => ({ ...settings, limits: request.body.mode }));
      return toView({ sandbox, ...updated });
    },
  );

  control.post('/limits/spend', { ...describedAs(SPENDING), schema: { body: Spend } }, async (request, reply) => {
    const { sandbox, settings, now } = await requireSandbox(request);
    const { category, count } = request.body;
    const apiKey = await findKey(sandbox, request.body);
    const limit = await findLimit(sandbox, settings.tiers, apiKey, category);
    const spending = await sandbox.buckets.charge(apiKey, category, limit, now, count);
    const spent = spending.isAllowed ? count : 0;
    if (spent > 0 || settings.limits !== 'enforce') {
      return { ...toBucketView(apiKey, category, spending.state), spent };
    }
    setRateLimitHeaders(reply, spending.state);
    throw toRateLimited(spending, category, 'mock.spend', true);
  });

  control.post(
    '/limits/refill',
    {
      ...describedAs(REFILLING),
      schema: { body: Refill },
    },
    async (request) => {
      const live = await requireSandbox(request);
      const { sandbox } = live;
      const { api_key, api_key_id, category } = request.body;
      if (api_key === undefined && api_key_id === undefined && category === undefined) await sandbox.buckets.refill();
      else await sandbox.buckets.refill((await findKey(sandbox, request.body)).api_key_id, category);
      return toView(live);
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

async function findLimit(sandbox: Sandbox, tiers: Tiers, apiKey: ApiKey, category: RateLimitCategory): Promise<number> {
  const organization = await sandbox.findOrganization(apiKey.organization_id);
  if (organization === undefined) throw new Error('the organization of a key is gone');
  return limitOf(tiers, organization, category);
}

async function toView({ sandbox, settings, now }: LiveSandbox) {
  const buckets: unknown[] = [];
  for (const { apiKey, byCategory } of await sandbox.buckets.list()) {
    for (const category of RATE_LIMIT_CATEGORIES) {
      const limit = await findLimit(sandbox, settings.tiers, apiKey, category);
      buckets.push(toBucketView(apiKey, category, readBucket(byCategory[category], limit, now)));
    }
  }
  return { mode: settings.limits, buckets };
}

function toBucketView(
  { api_key_id, key_prefix, organization_id }: ApiKey,
  category: RateLimitCategory,
  state: BucketState,
) {
  const { limit, remaining, full_at } = state;
  return {
    api_key_id,
    key_prefix,
    organization_id,
    category,
    limit,
    remaining,
    full_at: toTimestamp(Math.min(full_at, LATEST)),
  };
}
