import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Summary } from '../sandbox/summary.ts';
import { change } from './api.ts';
import { Empty } from './empty.tsx';
import { FilterField, setFilter } from './filter-field.tsx';
import { focus, rowHeight } from './layout.ts';
import { readOlder, togglePause } from './live.ts';
import {
  base,
  connection,
  dropped,
  filterText,
  isAway,
  isFiltered,
  isSelected,
  nameOfRule,
  rows,
  select,
  selected,
  skipped,
  summaries,
} from './state.ts';
import type { Row as StoryRow } from './story.ts';
import { styled } from './styled.ts';
import { Tape } from './tape.tsx';
import { showText, toCount, toTime } from './text.ts';
import { toneOf } from './tone.ts';

/** Rows beyond the visible ones, on both sides. */
const MARGIN = 8;

/** Back to the list, or the list without a filter. */
export function goBack(): boolean {
  if (selected.value !== '') {
    select(undefined);
    focus('list');
  } else if (filterText.value !== '') setFilter('');
  else return false;
  return true;
}

export function Requests({ isCovered }: { isCovered: boolean }) {
  return (
    <section class="requests" aria-label="Requests" inert={isCovered}>
      <div class="toolbar">
        <FilterField />
        <button type="button" onClick={togglePause}>
          {isAway.value ? 'Try now' : connection.value === 'paused' ? '▶ Go on' : '❚❚ Pause'}
        </button>
        <button
          type="button"
          class="quiet"
          disabled={isAway.value}
          onClick={() => change('DELETE', `${base.value}/requests`)}
        >
          Clear
        </button>
      </div>
      <Tape />
      {summaries.value.length === 0 ? <Empty /> : <List />}
    </section>
  );
}

function List() {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  const behind = useSignal(0);
  const newest = useRef(rows.value[0]);
  const all = rows.value;
  const row = rowHeight();

  // Newest on top: whoever has scrolled down keeps the place.
  useEffect(() => {
    // What was read from further down is not new.
    const added = newest.current === undefined ? 0 : all.findIndex((one) => isSame(one, newest.current));
    newest.current = all[0];
    const list = scroller.current;
    if (list === null || added <= 0 || isFiltered.value) return;
    if (list.scrollTop > row) {
      list.scrollTop += added * row;
      behind.value += added;
    }
  }, [all]);
  useEffect(() => {
    const list = scroller.current;
    if (list === null) return undefined;
    const observer = new ResizeObserver(() => (height.value = list.clientHeight));
    observer.observe(list);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(top.value / row) - MARGIN);
  const last = Math.min(all.length, Math.ceil((top.value + height.value) / row) + MARGIN);
  const chosenAt = all.findIndex((one) => one.kind === 'request' && isSelected(one.summary));
  const isEmpty = all.length === 0;
  return (
    <>
      <div class="columns" aria-hidden="true">
        <span>time</span>
        <span>method</span>
        <span>path</span>
        <span>status</span>
        <span>charged</span>
        <span>changed</span>
        <span>ms</span>
      </div>
      {behind.value > 0 && (
        <button type="button" class="news" onClick={() => scroller.current?.scrollTo({ top: 0 })}>
          ↑ {behind.value} new
        </button>
      )}
      <div
        ref={scroller}
        class="list"
        id="list"
        role="listbox"
        aria-label="Requests, newest first"
        tabIndex={0}
        hidden={isEmpty}
        aria-activedescendant={chosenAt >= first && chosenAt < last ? `row-${chosenAt}` : undefined}
        onScroll={({ currentTarget }) => {
          top.value = currentTarget.scrollTop;
          if (currentTarget.scrollTop <= row) behind.value = 0;
          const rest = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight;
          if (rest < 20 * row) void readOlder();
        }}
      >
        <div ref={styled({ height: `${first * row}px` })} role="presentation" />
        {all.slice(first, last).map((one, index) => {
          const at = first + index;
          if (one.kind === 'control') {
            return (
              <div
                key={`c${one.control.after} ${one.control.text} ${at}`}
                class="row between"
                role="option"
                aria-selected={false}
                aria-disabled="true"
              >
                <span>{showText(one.control.text)}</span>
              </div>
            );
          }
          return (
            <Row
              key={`${one.summary.request_id} ${one.summary.seq}`}
              at={at}
              summary={one.summary}
              isChosen={at === chosenAt}
            />
          );
        })}
        <div ref={styled({ height: `${(all.length - last) * row}px` })} role="presentation" />
      </div>
      {isEmpty && (
        <p class="nothing">
          None of the {toCount(summaries.value.length)} requests matches.{' '}
          <button type="button" class="link" onClick={() => setFilter('')}>
            Show all
          </button>
        </p>
      )}
      {(skipped.value > 0 || dropped.value > 0) && (
        <p class="foot">
          {skipped.value > 0 && `${toCount(skipped.value)} more than can be shown. `}
          {dropped.value > 0 && `${toCount(dropped.value)} older ones dropped.`}
        </p>
      )}
    </>
  );
}

const isSame = (one: StoryRow, other: StoryRow | undefined) =>
  one.kind === 'request'
    ? other?.kind === 'request' && one.summary.request_id === other.summary.request_id
    : other?.kind === 'control' && one.control === other.control;

function Row({ summary, at, isChosen }: { summary: Summary; at: number; isChosen: boolean }) {
  const { method, path, status, bucket, changed, ms, fault, outcome, received_at } = summary;
  const [one, ...more] = changed;
  return (
    <div
      class={`row ${toneOf(summary)}${outcome === 'open' ? ' open' : ''}`}
      id={`row-${at}`}
      role="option"
      aria-selected={isChosen}
      tabIndex={-1}
      onClick={() => select(isChosen ? undefined : summary)}
    >
      <time>{toTime(received_at)}</time>
      <b>{method}</b>
      <span class="path">{showText(path)}</span>
      <span class="status">{status ?? outcome}</span>
      <span class="charged">{bucket !== null && `${bucket.category} ${bucket.remaining}/${bucket.limit}`}</span>
      <span class="changed">
        {one}
        {more.length > 0 && ` +${more.length}`}
        {fault !== null && <em>{showText(nameOfRule(fault))}</em>}
      </span>
      <span class="ms">{ms === null ? '' : ms < 10 ? ms.toFixed(1) : Math.round(ms)}</span>
    </div>
  );
}
