import type { RateLimitCategory } from '../domain/rate-limits.ts';

/**
 * To which category a path of the real service belongs, for paths that this server answers with 501: the first row whose
 * pattern fits. **Decided** from what the reference says the categories are for; where no row fits, metadata.
 */
const CATEGORIES: [pattern: RegExp, category: RateLimitCategory][] = [
  [/^\/v1\/clusters\/(?:.*\/)?(?:execute|executions)(?:\/|$)/, 'compute'],
  [/\/(?:batches|syncs)(?:\/|$)/, 'compute'],
  [/\/(?:uploads?|presigned[-_]urls?)(?:\/|$)/, 'upload'],
  [/\/(?:execute|executions|search)(?:\/|$)/, 'search'],
  [/\/(?:objects|documents)(?:\/|$)/, 'data'],
];

export function categoryOf(path: string): RateLimitCategory {
  return CATEGORIES.find(([pattern]) => pattern.test(path))?.[1] ?? 'metadata';
}
