import type { Permission } from '../domain/api-key.ts';
import type { Match } from '../domain/fault.ts';
import { type Difference, type JsonTree, listMissing, readJsonTree, toTreeJson } from '../pydantic/json-tree.ts';

/** What is asked of a request. */
export interface MatchSubject {
  method: string;
  url: string;
  api_key_id: string | undefined;
  organization_id: string | undefined;
  permission: Permission | undefined;
  /** The body as JSON; undefined where it is none. `truncated`: not all of it was kept. */
  readBody(): JsonTree | undefined | 'truncated';
}

/** What a request would have to be, and is not. Values are JSON text. */
export interface MatchDifference {
  /** `method`, or a member of the body: `body.metadata.plan`. */
  member: string;
  wanted: string;
  found: string | null;
}

/** Says of requests whether they match, and what differs where they do not. */
export class Matcher {
  private readonly match: Match;
  private readonly path: readonly string[] | undefined;
  private readonly body: JsonTree | undefined;

  constructor(match: Match) {
    this.match = match;
    this.path = match.path?.match(/\*+|[^*]/gs) ?? undefined;
    this.body = match.body === undefined ? undefined : readJsonTree(match.body);
  }

  matches(subject: MatchSubject): boolean {
    return this.listDifferences(subject).next().done === true;
  }

  *listDifferences(subject: MatchSubject): Generator<MatchDifference> {
    const { method, path, api_key_id, permission, organization_id } = this.match;
    if (method !== undefined && method.toUpperCase() !== subject.method) yield toDifference('method', method, subject);
    const [found = ''] = subject.url.split('?', 1);
    if (path !== undefined && this.path !== undefined && !matchesPath(this.path, found)) {
      yield { member: 'path', wanted: JSON.stringify(path), found: JSON.stringify(found) };
    }
    const demanded = { api_key_id, permission, organization_id };
    for (const name of ['api_key_id', 'permission', 'organization_id'] as const) {
      const wanted = demanded[name];
      if (wanted !== undefined && wanted !== subject[name]) yield toDifference(name, wanted, subject);
    }
    if (this.body !== undefined) yield* listBodyDifferences(this.body, subject);
  }
}

function* listBodyDifferences(wanted: JsonTree, subject: MatchSubject): Generator<MatchDifference> {
  const body = subject.readBody();
  if (body === 'truncated') {
    const found = '"longer than the 64 KiB that are kept: it cannot be compared"';
    yield { member: 'body', wanted: toTreeJson(wanted), found };
    return;
  }
  for (const difference of listMissing(wanted, body)) yield toBodyDifference(difference);
}

const toDifference = (
  member: 'method' | 'api_key_id' | 'permission' | 'organization_id',
  wanted: string,
  subject: MatchSubject,
): MatchDifference => ({
  member,
  wanted: JSON.stringify(wanted),
  found: subject[member] === undefined ? null : JSON.stringify(subject[member]),
});

const toBodyDifference = ({ path, wanted, found }: Difference): MatchDifference => ({
  member: ['body', ...path].join('.'),
  wanted: toTreeJson(wanted),
  found: found === undefined ? null : toTreeJson(found),
});

/** `*` stands for anything within a segment, `**` across segments. In time by the product of both lengths, whatever they are. */
function matchesPath(tokens: readonly string[], path: string): boolean {
  // Whether what was taken of the pattern matches so many characters.
  let reached = [true, ...new Array(path.length).fill(false)];
  for (const token of tokens) {
    const next = reached.map(() => false);
    for (let at = 0; at <= path.length; at++) {
      if (token.startsWith('*'))
        next[at] = reached[at] || (next[at - 1] === true && (token.length > 1 || path[at - 1] !== '/'));
      else next[at] = at > 0 && reached[at - 1] === true && path[at - 1] === token;
    }
    reached = next;
  }
  return reached[path.length] === true;
}
