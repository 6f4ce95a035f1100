import type { ControlAction } from '../sandbox/control-log.ts';
import type { Summary } from '../sandbox/summary.ts';

/** A line of the list: a request, or what was done between two of them. */
export type Row = { kind: 'request'; summary: Summary } | { kind: 'control'; control: ControlAction };

/**
 * The newest so many requests, newest first, from what came in any order and perhaps twice. One that is open has a place above all
 * others until its end is known.
 */
export function mergeSummaries(known: readonly Summary[], added: readonly Summary[], most: number): Summary[] {
  const numbered = new Map<number, Summary>();
  const open = new Map<string, Summary>();
  for (const summary of [...known, ...added]) {
    const { seq } = summary;
    const before = seq === null ? undefined : numbered.get(seq);
    if (seq === null) open.set(toIdentity(summary), summary);
    // What has ended does not become open again.
    else if (before === undefined || before.outcome === 'open' || summary.outcome !== 'open')
      numbered.set(seq, summary);
  }
  for (const summary of numbered.values()) open.delete(toIdentity(summary));
  const ended = [...numbered.values()].sort((a, b) => Number(b.seq) - Number(a.seq));
  return [...[...open.values()].reverse(), ...ended].slice(0, most);
}

/** Two requests may have been sent with the same id. */
const toIdentity = ({ request_id, received_at, method }: Summary) => `${request_id} ${received_at} ${method}`;

/**
 * The list, newest first: the requests, and above each what was done behind it. At most so many rows.
 * @param controls in the order in which they came
 */
export function toRows(summaries: readonly Summary[], controls: readonly ControlAction[], most: number): Row[] {
  const rows: Row[] = [];
  const left = [...new Set(controls)].sort((a, b) => a.after - b.after);
  for (const summary of mergeSummaries([], summaries, most)) {
    const seq = summary.seq ?? Number.POSITIVE_INFINITY;
    for (let last = left.at(-1); last !== undefined && last.after >= seq; last = left.at(-1)) {
      rows.push({ kind: 'control', control: last });
      left.pop();
    }
    rows.push({ kind: 'request', summary });
  }
  rows.push(...left.reverse().map((control): Row => ({ kind: 'control', control })));
  return rows.slice(0, most);
}
