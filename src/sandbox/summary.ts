import { LATEST, toTimestamp } from '../domain/clock.ts';
import type { Change } from '../domain/organization.ts';
import { redactKeys } from '../domain/redact.ts';
import { type JournalEntry, toOutcome } from './journal-entry.ts';

/** What a line of a list says of a request. */
export interface Summary {
  seq: number | null;
  request_id: string;
  received_at: string;
  method: string;
  path: string;
  status: number | null;
  outcome: 'open' | 'answered' | 'cut';
  /** Real milliseconds until the end; null while it is open. */
  ms: number | null;
  api_key_id: string | null;
  key_prefix: string | null;
  organization_id: string | null;
  bucket: { category: string; limit: number; remaining: number; full_at: string | null } | null;
  /** Members that it changed. */
  changed: Change['member'][];
  /** The id of the fault rule that fired. */
  fault: string | null;
  /** What the answer says is wrong. */
  error: string | null;
}

/** Keys in it are masked. */
export function toSummary(entry: JournalEntry): Summary {
  const { seq, request_id, method, url, status, ms, category, limit, remaining, changes = [] } = entry;
  const [path = ''] = url.split('?', 1);
  return {
    seq: seq || null,
    request_id: redactKeys(request_id),
    received_at: toTimestamp(entry.received_at),
    method,
    path: redactKeys(path),
    status,
    outcome: toOutcome(entry),
    ms: ms === undefined ? null : Math.round(ms * 100) / 100,
    api_key_id: entry.api_key_id ?? null,
    key_prefix: entry.key_prefix ?? null,
    organization_id: entry.organization_id ?? null,
    bucket: category === undefined ? null : { category, limit, remaining, full_at: toFullAt(entry) },
    changed: changes.map(({ member }) => member),
    fault: entry.fault?.id ?? null,
    error: toErrorMessage(entry),
  };
}

/** When the bucket is full again; null where it was full. */
export const toFullAt = ({ full_at, received_at }: JournalEntry): string | null =>
  full_at <= received_at ? null : toTimestamp(Math.min(full_at, LATEST));

function toErrorMessage({ status, answer }: JournalEntry): string | null {
  if (status === null || status < 400 || answer === undefined) return null;
  const [, text] = /"message":("(?:[^"\\]|\\.)*")/.exec(answer) ?? [];
  try {
    return text === undefined ? null : redactKeys(JSON.parse(text));
  } catch {
    // A fault may answer with what only looks like JSON.
    return null;
  }
}
