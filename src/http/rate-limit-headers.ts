import type { FastifyReply } from 'fastify';
import { RefusalError } from '../domain/errors.ts';
import { type BucketState, type Spending, WINDOW_SECONDS } from '../domain/rate-limiter.ts';
import type { RateLimitCategory } from '../domain/rate-limits.ts';

/** What is left: limit, rest, when it is full again in Unix seconds, seconds of the window. */
export const toRateLimitHeaders = ({ limit, remaining, full_at }: BucketState) => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(Math.ceil(full_at / 1000)),
  'x-ratelimit-window': String(WINDOW_SECONDS),
});

/** What is left, on every answer to a caller. */
export const setRateLimitHeaders = (reply: FastifyReply, state: BucketState): FastifyReply =>
  reply.headers(toRateLimitHeaders(state));

/**
 * The 429 to requests that the bucket did not allow.
 * @param sandboxId of the sandbox whose clock the control plane moves; undefined where there is no control plane
 */
export function toRateLimited(
  { state, retry_after_ms }: Spending,
  category: RateLimitCategory,
  api_name: string,
  sandboxId: string | undefined,
): RefusalError {
  const retry_after = Math.max(1, Math.ceil((retry_after_ms ?? WINDOW_SECONDS * 1000) / 1000));
  const advance = `, or move the clock: POST /_mock/sandboxes/${sandboxId}/clock/advance {"ms":${retry_after * 1000}}`;
  const hint = `wait ${retry_after} s${sandboxId === undefined ? '' : advance}; --limits headers never refuses`;
  const { limit } = state;
  const window = `${WINDOW_SECONDS / 60}m`;
  return new RefusalError({ code: 'rate_limited', hint, limit, window, retry_after, category, api_name });
}
