import type { RecordedRequest, RequestMatch } from './fault-models.ts';

/** What vitest and jest call asymmetric, such as `expect.any(String)`. */
interface AsymmetricMatcher {
  asymmetricMatch(found: unknown): boolean;
}

const isAsymmetric = (value: unknown): value is AsymmetricMatcher =>
  isObject(value) && typeof value.asymmetricMatch === 'function';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Whether there is such a matcher anywhere in it. */
export const hasAsymmetric = (value: unknown): boolean =>
  isAsymmetric(value) || (isObject(value) && Object.values(value).some(hasAsymmetric));

/**
 * What of a match a server can decide: without the matchers that only a test framework has. A list that has one is left out as a
 * whole, since lists are compared as a whole.
 */
export function toPlain(value: Record<string, unknown>): Record<string, unknown> {
  const plain = Object.entries(value).filter(
    ([, wanted]) => !isAsymmetric(wanted) && !(Array.isArray(wanted) && hasAsymmetric(wanted)),
  );
  return Object.fromEntries(
    plain.map(([name, wanted]) => [name, isObject(wanted) && !Array.isArray(wanted) ? toPlain(wanted) : wanted]),
  );
}

/** Whether a request is what the asymmetric matchers of a match demand; the server has decided about the rest. */
export function matchesAsymmetric(match: RequestMatch, request: RecordedRequest): boolean {
  const found: Record<string, unknown> = { ...request, body: readJson(request.body) };
  return Object.entries(match).every(([name, wanted]) => !hasAsymmetric(wanted) || matches(wanted, found[name]));
}

function readJson(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Objects as subsets, lists as a whole. */
function matches(wanted: unknown, found: unknown): boolean {
  if (isAsymmetric(wanted)) return wanted.asymmetricMatch(found);
  if (Array.isArray(wanted)) {
    const isAsLong = Array.isArray(found) && found.length === wanted.length;
    return isAsLong && wanted.every((item, index) => matches(item, found[index]));
  }
  if (!isObject(wanted)) return wanted === found;
  if (!isObject(found) || Array.isArray(found)) return false;
  return Object.entries(wanted).every(([name, value]) => matches(value, found[name]));
}
