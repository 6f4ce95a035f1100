import type { FastifyReply } from 'fastify';
import { type BucketState, WINDOW_SECONDS } from '../domain/rate-limiter.ts';

/** What is left, on every answer to a caller: limit, rest, when it is full again in Unix seconds, seconds of the window. */
export function setRateLimitHeaders(reply: FastifyReply, { limit, remaining, full_at }: BucketState): void {
  reply
    .header('x-ratelimit-limit', String(limit))
    .header('x-ratelimit-remaining', String(remaining))
    .header('x-ratelimit-reset', String(Math.ceil(full_at / 1000)))
    .header('x-ratelimit-window', String(WINDOW_SECONDS));
}
