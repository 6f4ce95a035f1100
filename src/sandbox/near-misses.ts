import { redactKeys } from '../domain/redact.ts';
import { type JournalEntry, statusOf } from './journal-entry.ts';
import type { MatchDifference } from './match.ts';

/** An entry that is nearly what is wanted, and what is different. */
export interface NearMiss {
  entry: JournalEntry;
  differences: MatchDifference[];
}

const MAX_MISSES = 5;
/** Of one entry there are no more. */
const MAX_DIFFERENCES = 20;
/** Characters of a value; nobody compares longer ones by eye. */
const MAX_VALUE_LENGTH = 1000;

/**
 * Those with the fewest differences, then the newest. How an entry differs is looked up only as far as it can be one of them.
 * @param entries oldest first
 */
export function findNearMisses(
  entries: readonly JournalEntry[],
  listDifferences: (entry: JournalEntry) => Iterable<MatchDifference>,
): NearMiss[] {
  const nearest: NearMiss[] = [];
  for (const entry of [...entries].reverse()) {
    const tooMany = nearest[MAX_MISSES - 1]?.differences.length ?? MAX_DIFFERENCES + 1;
    const differences: MatchDifference[] = [];
    for (const difference of listDifferences(entry)) {
      differences.push(difference);
      if (differences.length >= tooMany) break;
    }
    if (differences.length >= tooMany && nearest.length === MAX_MISSES) continue;
    const place = nearest.findIndex((other) => other.differences.length > differences.length);
    nearest.splice(place < 0 ? nearest.length : place, 0, { entry, differences });
    nearest.splice(MAX_MISSES);
  }
  return nearest;
}

/** As JSON text, keys in it masked. */
export const toMissesJson = (misses: NearMiss[]): string => redactKeys(`[${misses.map(toMissJson).join(',')}]`);

function toMissJson({ entry, differences }: NearMiss): string {
  const { seq, request_id, method, url } = entry;
  const [path] = url.split('?', 1);
  const members = JSON.stringify({ seq, request_id, method, path, status: statusOf(entry) }).slice(0, -1);
  const rows = differences
    .slice(0, MAX_DIFFERENCES)
    .map(
      ({ member, wanted, found }) =>
        `{"member":${JSON.stringify(member)},"wanted":${toShown(wanted)},"found":${toShown(found ?? 'null')}}`,
    );
  return `${members},"differences":[${rows.join(',')}]}`;
}

/** A longer value is shown as the beginning of its text. */
const toShown = (json: string): string =>
  json.length <= MAX_VALUE_LENGTH ? json : JSON.stringify(`${json.slice(0, MAX_VALUE_LENGTH)}…`);
