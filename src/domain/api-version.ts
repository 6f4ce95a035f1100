/** The versions of the API that are spoken, oldest first. */
export const API_VERSIONS = ['0.81', '0.82'] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

/** That of the customer's page, and a superset of it. */
export const DEFAULT_API_VERSION: ApiVersion = '0.81';

/** The versions that have a member: from one on, or up to one. */
interface Span {
  since?: ApiVersion;
  until?: ApiVersion;
}

/**
 * All that tells the versions from each other: the members of the body of a PATCH and of the response model that not every
 * version has. What a member means does not depend on the version, nor do the places of members among each other.
 */
export const SPANS = {
  request: {
    rate_limits: { until: '0.81' },
    rate_limit_overrides: { since: '0.82' },
    notifications_email: { since: '0.82' },
    default_llm_credentials: { since: '0.82' },
    nsfw_check_enabled: { since: '0.82' },
    nsfw_fail_closed: { since: '0.82' },
  },
  response: {
    notifications_email: { since: '0.82' },
    auth_provider_org_id: { since: '0.82' },
    default_llm_credentials: { since: '0.82' },
    api_url: { since: '0.82' },
  },
} as const satisfies Record<string, Record<string, Span>>;

/** The members of the request, or of the response, that a version does not have although another one has them. */
export const listForeign = (part: keyof typeof SPANS, version: ApiVersion): string[] =>
  Object.entries<Span>(SPANS[part]).flatMap(([name, span]) => (isIn(version, span) ? [] : [name]));

/** The newest version that has a member of the request which another one does not have. */
export function findVersionOf(name: string, other: ApiVersion): ApiVersion | undefined {
  const [, span] = Object.entries<Span>(SPANS.request).find(([member]) => member === name) ?? [];
  if (span === undefined || isIn(other, span)) return undefined;
  return API_VERSIONS.findLast((version) => isIn(version, span));
}

const isIn = (version: ApiVersion, { since, until }: Span) =>
  (since === undefined || rankOf(version) >= rankOf(since)) &&
  (until === undefined || rankOf(version) <= rankOf(until));

const rankOf = (version: ApiVersion) => API_VERSIONS.indexOf(version);
