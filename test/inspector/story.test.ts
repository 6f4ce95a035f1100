import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mergeSummaries, type Row, toRows } from '../../src/inspector/story.ts';
import { buildSummary } from './summaries.ts';

const request = (seq: number) => buildSummary({ seq, request_id: `req_${seq}` });
const open = (name: string) => buildSummary({ seq: null, request_id: name, status: null, outcome: 'open', ms: null });
const control = (after: number, text = 'clock +1 min') => ({ after, text, by: 'POST /clock/advance' });

/** `7` for a request, its id where it has no number, and `7+text` for what was done behind it. */
const print = (rows: Row[]) =>
  rows.map((row) =>
    row.kind === 'request'
      ? String(row.summary.seq ?? row.summary.request_id)
      : `${row.control.after}+${row.control.text}`,
  );

it.each([
  ['requests, newest first', [1, 2, 3], [], ['3', '2', '1']],
  ['in any order', [2, 3, 1], [], ['3', '2', '1']],
  ['each once', [1, 2, 2, 1], [], ['2', '1']],
  ['what was done is above what it came behind', [1, 2], [control(1, 'a')], ['2', '1+a', '1']],
  ['the later of two is above', [1, 2], [control(1, 'a'), control(1, 'b')], ['2', '1+b', '1+a', '1']],
  ['before the first request', [1], [control(0, 'a')], ['1', '0+a']],
  ['behind the last', [1], [control(1, 'a'), control(5, 'b')], ['5+b', '1+a', '1']],
  ['between requests of which some are not kept', [3, 9], [control(5, 'a')], ['9', '5+a', '3']],
  ['what comes late is put in its place', [3, 1], [control(2, 'b'), control(1, 'a')], ['3', '2+b', '1+a', '1']],
  ['nothing but what was done', [], [control(0, 'a'), control(0, 'b')], ['0+b', '0+a']],
])('the list has %s', (_, seqs, controls, rows) => {
  expect(print(toRows(seqs.map(request), controls, 10))).toEqual(rows);
});

it('the same twice was done twice, but one thing is there once', () => {
  const one = control(1, 'a');
  expect(print(toRows([request(1)], [one, one, control(1, 'a')], 10))).toEqual(['1+a', '1+a', '1']);
});

it('keeps the newest rows', () => {
  expect(print(toRows([1, 2, 3].map(request), [control(2, 'a'), control(0, 'b')], 3))).toEqual(['3', '2+a', '2']);
  expect(toRows([request(1)], [control(1)], 0)).toEqual([]);
});

it('what is open stands above the others, and once it has ended in its place', () => {
  const rows = toRows([request(1), open('x'), request(3), open('y')], [control(3, 'a')], 10);
  expect(print(rows)).toEqual(['y', 'x', '3+a', '3', '1']);
  const ended = buildSummary({ seq: 2, request_id: 'x' });
  expect(mergeSummaries([open('y'), open('x'), request(3), request(1)], [ended], 10)).toEqual([
    open('y'),
    request(3),
    ended,
    request(1),
  ]);
});

it('one that is decided and open has its place; its end replaces it, and never the other way round', () => {
  const opened = { ...request(2), outcome: 'open' as const, status: null };
  const ended = { ...request(2), ms: 9 };
  expect(mergeSummaries([opened], [ended], 10)).toEqual([ended]);
  expect(mergeSummaries([ended], [opened], 10)).toEqual([ended]);
  expect(mergeSummaries([opened], [{ ...opened, ms: 3 }], 10)).toEqual([{ ...opened, ms: 3 }]);
});

it('two requests with the same id are two', () => {
  const again = { ...request(2), request_id: 'req_1' };
  expect(mergeSummaries([request(1)], [again], 10)).toEqual([again, request(1)]);
  const later = { ...open('req_1'), received_at: '2026-01-01T00:00:01Z' };
  expect(mergeSummaries([request(1)], [later], 10)).toEqual([later, request(1)]);
});

it('is the same however the requests were cut into pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 30 })),
      fc.nat({ max: 30 }),
      fc.integer({ min: 1, max: 12 }),
      (seqs, cut, most) => {
        const all = seqs.map(request);
        const first = mergeSummaries([], all.slice(0, cut), most);
        const merged = mergeSummaries(first, all.slice(cut), most);
        const expected = [...new Set(seqs)].sort((a, b) => b - a).slice(0, most);
        expect(merged.map(({ seq }) => seq)).toEqual(expected);
      },
    ),
  );
});
