import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { drawId } from '../domain/random.ts';

/**
 * Makes what names requests: the caller's `X-Request-Id`, if it is printable ASCII of at most 128 characters, else a new
 * one, `req_` and 24 hex digits. Those count up, which is cheaper than chance, from a place that chance gave.
 */
export function buildToRequestId(): (request: IncomingMessage) => string {
  const first = drawId(randomBytes, 'req').slice(0, -COUNTED_DIGITS);
  let count = 0;
  return (request) => {
    const sent = readRequestId(request);
    if (sent !== undefined) return sent;
    count++;
    return first + count.toString(16).padStart(COUNTED_DIGITS, '0');
  };
}
const COUNTED_DIGITS = 12;

export function readRequestId(request: IncomingMessage | undefined): string | undefined {
  const sent = request?.headers['x-request-id'];
  return typeof sent === 'string' && /^[\x20-\x7e]{1,128}$/.test(sent) ? sent : undefined;
}
