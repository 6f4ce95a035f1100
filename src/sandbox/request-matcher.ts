import { toTimestamp } from '../domain/clock.ts';
import type { Match } from '../domain/fault.ts';
import { readJsonTree } from '../pydantic/json-tree.ts';
import { decodeBody, type JournalEntry, MAX_TEXT_LENGTH, statusOf } from './journal-entry.ts';
import { type MatchDifference, Matcher, type MatchSubject } from './match.ts';

/** What a request of the journal must be, all of it. A member that is undefined demands nothing. */
export interface RequestMatch extends Match {
  status?: number | undefined;
  request_id?: string | undefined;
  /** Received then or later, in milliseconds since 1970. */
  since?: number | undefined;
}

/** A {@link Matcher} of entries, which knows what became of the requests, too. */
export class RequestMatcher {
  private readonly match: RequestMatch;
  private readonly matcher: Matcher;

  constructor(match: RequestMatch) {
    this.match = match;
    this.matcher = new Matcher(match);
  }

  matches(entry: JournalEntry): boolean {
    return this.listDifferences(entry).next().done === true;
  }

  /** Those of the body come last: it is read only for them. */
  *listDifferences(entry: JournalEntry): Generator<MatchDifference> {
    const { status, request_id, since } = this.match;
    const found = statusOf(entry);
    if (status !== undefined && status !== found) yield toDifference('status', status, found);
    if (request_id !== undefined && request_id !== entry.request_id) {
      yield toDifference('request_id', request_id, entry.request_id);
    }
    if (since !== undefined && entry.received_at < since) {
      yield toDifference('since', toTimestamp(since), toTimestamp(entry.received_at));
    }
    yield* this.matcher.listDifferences(toSubject(entry));
  }
}

const toDifference = (member: string, wanted: string | number, found: string | number | null): MatchDifference => ({
  member,
  wanted: JSON.stringify(wanted),
  found: found === null ? null : JSON.stringify(found),
});

function toSubject(entry: JournalEntry): MatchSubject {
  const { method, url, api_key_id, organization_id, permission, body } = entry;
  const readBody = () => {
    if (body === undefined) return undefined;
    return isTruncated(entry) ? 'truncated' : readJsonTree(decodeBody(body));
  };
  return { method, url, api_key_id, organization_id, permission, readBody };
}

/** Whether less of the body was kept than was sent. */
export const isTruncated = ({ body_bytes }: JournalEntry): boolean => (body_bytes ?? 0) > MAX_TEXT_LENGTH;
