import type { FastifyReply, FastifyRequest } from 'fastify';
import { limitOf, type RateLimitCategory } from '../domain/rate-limits.ts';
import '../http/exchange.ts';
import { setRateLimitHeaders, toRateLimited } from '../http/rate-limit-headers.ts';
import { pathOf } from '../http/served-paths.ts';
import { categoryOf } from './categories.ts';

/**
 * Step 5: consumes one request of the bucket of its key and category, reports what is left, refuses in mode `enforce`.
 * @param hasControl whether there is a control plane, where somebody could move the clock
 */
export const buildCharge = (hasControl: boolean) => async (request: FastifyRequest, reply: FastifyReply) => {
  const { exchange } = request;
  const { caller } = exchange;
  if (caller === undefined || caller.settings.limits === 'off') return;
  const { sandbox, apiKey, organization, settings, now } = caller;
  const { category, api_name } = describe(request);
  const limit = limitOf(settings.tiers, organization, category);
  const spending = await sandbox.buckets.charge(apiKey, category, limit, now);
  setRateLimitHeaders(reply, spending.state);
  exchange.category = category;
  exchange.limit = limit;
  exchange.remaining = spending.state.remaining;
  exchange.full_at = spending.state.full_at;
  if (!spending.isAllowed && settings.limits === 'enforce') {
    throw toRateLimited(spending, category, api_name, hasControl ? sandbox.sandbox_id : undefined);
  }
};

/** A route names itself; for a 405 or 501 the path does, of which only a plain word is repeated. */
function describe(request: FastifyRequest): { category: RateLimitCategory; api_name: string } {
  const { method } = request;
  const { api_name, category } = request.exchange.route;
  if (api_name !== undefined && category !== undefined) return { category, api_name };
  const path = pathOf(request);
  const [, , first = ''] = path.split('/');
  const resource = /^[a-z]+(?:-[a-z]+)*$/.test(first) ? first : 'unknown';
  return { category: categoryOf(path), api_name: `${resource}.${method.toLowerCase()}` };
}
