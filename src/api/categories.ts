import type { RateLimitCategory } from '../domain/rate-limits.ts';

/**
 * To which category a path of the real service belongs, for paths that this server answers with 501: the first row whose
 * pattern fits. **Decided** from what the reference says the categories are for; where no row fits, metadata: what creates,
 * lists or reports.
 */
const CATEGORIES: [pattern: RegExp, category: RateLimitCategory][] = [
  [/^\/v1\/(?:alerts|analytics|resources)(?:\/|$)/, 'metadata'],
  [/^\/v1\/clusters\/(?:.*\/)?execute$/, 'compute'],
  [
    /^\/v1\/(?:.*\/)?(?:batches\/[^/]+\/submit|(?:collections|syncs)\/[^/]+\/trigger|triggers\/[^/]+\/execute)$/,
    'compute',
  ],
  [/\/(?:uploads?|presigned[-_]urls?)(?:\/|$)/, 'upload'],
  [/^\/v1\/(?:retrievers|taxonomies)\/(?:.*\/)?execute(?:\/|$)/, 'search'],
  [/\/apply-taxonomy$/, 'search'],
  [/\/(?:objects|documents)(?:\/|$)/, 'data'],
];

/** @param path decoded, without a trailing slash */
export function categoryOf(path: string): RateLimitCategory {
  return CATEGORIES.find(([pattern]) => pattern.test(path))?.[1] ?? 'metadata';
}
