import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { DetailModel } from '../control/request-entries.ts';
import type { SummaryPage } from '../control/requests.ts';
import type { Summary } from '../sandbox/summary.ts';
import { ask, change, read, refuse } from './api.ts';
import { Boundary } from './boundary.tsx';
import { Changes } from './changes.tsx';
import { copy } from './clipboard.ts';
import type { PlacedError } from './errors-at-lines.ts';
import { setFilter } from './filter-field.tsx';
import { moveClock } from './header.tsx';
import { JsonView } from './json-view.tsx';
import { focus, isSmall } from './layout.ts';
import { goBack } from './requests.tsx';
import { toSentence, toWaitMs } from './sentence.ts';
import { base, chosen, isAway, limits, nameOfRule, rules, selected } from './state.ts';
import { styled } from './styled.ts';
import { showText, toDateTime, toDuration, toSize } from './text.ts';

/** Bytes of a body, and characters of an answer, that the journal keeps. */
const KEPT = 64 * 1024;

export function Detail() {
  const id = selected.value;
  useEffect(() => {
    if (id !== '' && isSmall.value) focus('detail');
  }, [id]);
  if (id === '') return null;
  return (
    <aside class="detail" aria-label="Request" id="detail" tabIndex={-1}>
      <button type="button" class="icon close" aria-label="Close" title="Close (Esc)" onClick={goBack}>
        ×
      </button>
      <Boundary key={`${base.value} ${id}`}>
        <Chosen id={id} />
      </Boundary>
    </aside>
  );
}

function Chosen({ id }: { id: string }) {
  /** Empty where the journal has it no more. */
  const text = useSignal<string | undefined>(undefined);
  const found = useSignal<Summary | undefined>(undefined);
  // What was seen stays, also when the list is emptied.
  const seen = useRef(chosen.value);
  seen.current = chosen.value ?? seen.current ?? found.value;
  const isOpen = seen.current?.outcome === 'open';
  useEffect(() => {
    let isWanted = true;
    ask('GET', `${base.value}/requests/${encodeURIComponent(id)}`).then(({ status, text: answered }) => {
      if (isWanted && status !== 0) text.value = status === 200 ? answered : '';
    });
    if (seen.current === undefined) {
      // A link may name one that is further down than the list was read.
      const path = `${base.value}/requests?view=summary&request_id=${encodeURIComponent(id)}`;
      read<SummaryPage>(path).then((page) => {
        if (isWanted) found.value = page?.requests.at(-1);
      });
    }
    return () => {
      isWanted = false;
    };
    // One that was open is read again when it has ended.
  }, [isOpen]);
  return (
    <>
      {text.value === '' && <p>The journal no longer has this request.</p>}
      {seen.current !== undefined && <Whole summary={seen.current} text={text.value} />}
    </>
  );
}

function Whole({ summary, text }: { summary: Summary; text: string | undefined }) {
  const entry = useMemo<DetailModel | undefined>(() => (text ? JSON.parse(text) : undefined), [text]);
  const { text: sentence, tone } = toSentence(summary, entry);
  return (
    <>
      <h2>
        <span class={`badge ${tone}`}>{summary.status ?? summary.outcome}</span> {showText(summary.method)}{' '}
        <code>{showText(summary.path)}</code>
      </h2>
      <p class="sentence">{sentence}</p>
      <fieldset disabled={isAway.value}>
        <Next summary={summary} entry={entry} />
      </fieldset>
      <div class="buttons">
        <button type="button" disabled={isAway.value || !text} onClick={() => copyCurl(summary)}>
          Copy as curl
        </button>
        <button type="button" onClick={() => copy(text ?? '', 'the entry')} disabled={!text}>
          Copy JSON
        </button>
        <button type="button" onClick={() => copy(location.href, 'the link')}>
          Copy link
        </button>
      </div>
      {text && <Changes entry={text} />}
      <Charged summary={summary} />
      {entry !== undefined && <Texts summary={summary} entry={entry} />}
    </>
  );
}

/** What there is to do about it. */
function Next({ summary, entry }: { summary: Summary; entry: DetailModel | undefined }) {
  const { status, bucket, fault, api_key_id, key_prefix } = summary;
  if (status === 429 && bucket !== null && fault === null) {
    const wait = toWaitMs(bucket, summary.received_at);
    return (
      <div class="next">
        <p>Nobody has to wait:</p>
        <button type="button" class="main" onClick={() => moveClock(wait)}>
          Move the clock +{toDuration(wait)}
        </button>
        <button
          type="button"
          onClick={() => change('POST', `${base.value}/limits/refill`, { api_key_id, category: bucket.category })}
        >
          Refill {bucket.category}
        </button>
      </div>
    );
  }
  const isOfRule = fault !== null && rules.value.some(({ id, enabled = true }) => id === fault && enabled);
  return (
    <>
      {entry?.hint && status !== 422 && <p class="next">{showText(entry.hint)}</p>}
      {isOfRule && (
        <div class="buttons">
          <button type="button" onClick={() => change('PATCH', `${base.value}/faults/${fault}`, { enabled: false })}>
            Disable {showText(nameOfRule(fault))}
          </button>
        </div>
      )}
      {(status === 401 || status === 403) && key_prefix !== null && (
        <div class="buttons">
          <button type="button" onClick={() => setFilter(`key:${key_prefix}`)}>
            Show the requests of {key_prefix}…
          </button>
        </div>
      )}
    </>
  );
}

function Charged({ summary: { bucket, status, fault, key_prefix } }: { summary: Summary }) {
  if (bucket === null) return null;
  const { category, limit, remaining } = bucket;
  return (
    <>
      <h3>What it was charged</h3>
      <p class="charge">
        <span class="bar" aria-hidden="true">
          <i ref={styled({ width: `${(100 * remaining) / limit}%` })} />
        </span>
        {status === 429 && fault === null ? 'Nothing.' : '1 request.'} <b>{category}</b> of <code>{key_prefix}…</code>{' '}
        had {remaining} of {limit} left.{limits.value?.mode === 'enforce' ? '' : ' Limits are not enforced now.'}
      </p>
    </>
  );
}

function Texts({ summary, entry }: { summary: Summary; entry: DetailModel }) {
  const { headers, body, body_bytes, answer, query, response_headers } = entry;
  const errors = summary.status === 422 ? readErrors(answer) : [];
  const isCut = Number(body_bytes) > KEPT;
  return (
    <>
      <h3>
        Request{' '}
        <small>
          {toDateTime(summary.received_at)} · {summary.request_id}
        </small>
      </h3>
      {query !== '' && <code class="query">?{showText(query)}</code>}
      <Headers headers={headers} word="header" />
      {body !== null && body !== '' && <JsonView text={body} errors={errors} label="Body of the request" />}
      {isCut && (
        <p class="foot">
          The first {toSize(KEPT)} of {toSize(Number(body_bytes))}.
        </p>
      )}
      <h3>
        Answer <small>{summary.ms === null ? 'open' : `${summary.ms} ms`}</small>
      </h3>
      {response_headers && <Headers headers={response_headers} word="header of the limits" />}
      {answer === null ? <p>No answer got out.</p> : <JsonView text={answer} label="Answer" />}
      {Number(answer?.length) >= KEPT && <p class="foot">The first {toSize(KEPT)}.</p>}
    </>
  );
}

function Headers({ headers, word }: { headers: Record<string, string>; word: string }) {
  const all = Object.entries(headers);
  if (all.length === 0) return null;
  return (
    <details>
      <summary>
        {all.length} {all.length === 1 ? word : word.replace('header', 'headers')}
      </summary>
      <dl class="headers">
        {all.map(([name, value]) => (
          <div key={name}>
            <dt>{showText(name)}</dt>
            <dd>{showText(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** A fault may answer with anything: what does not look like an error is none. */
function readErrors(answer: string | null): PlacedError[] {
  try {
    const { detail } = JSON.parse(answer ?? '');
    return Array.isArray(detail) ? detail.filter((one) => Array.isArray(one?.loc) && typeof one.msg === 'string') : [];
  } catch {
    return [];
  }
}

/** The server writes it: it knows the bytes that were sent. */
export async function copyCurl({ request_id }: Summary): Promise<void> {
  const answer = await ask('GET', `${base.value}/requests/${encodeURIComponent(request_id)}/curl`);
  if (answer.status === 200) await copy(answer.text, 'as curl');
  else refuse(answer);
}
