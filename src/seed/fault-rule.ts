import type { FaultRule } from '../domain/fault.ts';

/** A rule without its id, and its end as it was given. */
export type FaultContent = Omit<FaultRule, 'id'> & { id?: string | undefined; ttl_ms?: number | undefined };

/** The rule as it is kept. @param now milliseconds of the sandbox's clock, from which `ttl_ms` counts */
export function toFaultRule({ ttl_ms, ...content }: FaultContent, id: string, now: number): FaultRule {
  const expires_at = ttl_ms === undefined ? content.expires_at : now + ttl_ms;
  return { ...content, ...(expires_at !== undefined && { expires_at }), id };
}
