import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DetailModel } from '../control/request-entries.ts';
import type { SummaryPage } from '../control/requests.ts';
import type { Summary } from '../sandbox/summary.ts';
import { ask, change, read, refuse } from './api.ts';
import { Changes } from './changes.tsx';
import { copy } from './clipboard.ts';
import { setFilter } from './filter-field.tsx';
import { moveClock } from './header.tsx';
import { JsonView } from './json-view.tsx';
import { toSentence, toWaitMs } from './sentence.ts';
import { base, isAway, isSelected, limits, nameOfRule, rules, select, selected, summaries } from './state.ts';
import { styled } from './styled.ts';
import { showText, toDateTime, toDuration, toSize } from './text.ts';

export function Detail() {
  const id = selected.value;
  const listed = summaries.value.find(isSelected);
  const text = useSignal<string | undefined>(undefined);
  const linked = useSignal<Summary | undefined>(undefined);
  // One that is still open is read again when it has ended.
  useEffect(() => {
    text.value = undefined;
    if (id === '') return undefined;
    let isWanted = true;
    ask('GET', `${base.value}/requests/${encodeURIComponent(id)}`).then((answer) => {
      if (isWanted && answer.status !== 0) text.value = answer.status === 200 ? answer.text : '';
    });
    return () => {
      isWanted = false;
    };
  }, [id, base.value, listed?.seq]);
  // A link may name one that is further down than the list was read.
  useEffect(() => {
    linked.value = undefined;
    if (id === '' || listed !== undefined) return;
    const path = `${base.value}/requests?view=summary&request_id=${encodeURIComponent(id)}`;
    read<SummaryPage>(path).then((page) => {
      const summary = page?.requests.at(-1);
      if (summary?.request_id === selected.value) linked.value = summary;
    });
  }, [id, base.value, listed === undefined]);
  const summary = listed ?? linked.value;
  if (id === '') return null;
  return (
    <aside class="detail" aria-label="Request" id="detail" tabIndex={-1}>
      <button type="button" class="icon close" aria-label="Close" title="Close (Esc)" onClick={() => select(undefined)}>
        ×
      </button>
      {summary === undefined && text.value === '' && <p>The journal no longer has this request.</p>}
      {summary !== undefined && <Whole summary={summary} text={text.value} />}
    </aside>
  );
}

function Whole({ summary, text }: { summary: Summary; text: string | undefined }) {
  const entry: DetailModel | undefined = text ? JSON.parse(text) : undefined;
  const { text: sentence, tone } = toSentence(summary, entry);
  return (
    <>
      <h2>
        <span class={`badge ${tone}`}>{summary.status ?? summary.outcome}</span> {summary.method}{' '}
        <code>{showText(summary.path)}</code>
      </h2>
      <p class="sentence">{sentence}</p>
      <fieldset disabled={isAway.value}>
        <Next summary={summary} entry={entry} />
      </fieldset>
      <div class="buttons">
        <button type="button" disabled={isAway.value} onClick={() => copyCurl(summary)}>
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
  if (status === 429 && bucket !== null) {
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

function Charged({ summary: { bucket, status, key_prefix } }: { summary: Summary }) {
  if (bucket === null) return null;
  const { category, limit, remaining } = bucket;
  return (
    <>
      <h3>What it was charged</h3>
      <p class="charge">
        <span class="bar" aria-hidden="true">
          <i ref={styled({ width: `${(100 * remaining) / limit}%` })} />
        </span>
        {status === 429 ? 'Nothing.' : '1 request.'} <b>{category}</b> of <code>{key_prefix}…</code> had {remaining} of{' '}
        {limit} left
        {limits.value?.mode === 'enforce' ? '.' : ', which is not enforced.'}
      </p>
    </>
  );
}

function Texts({ summary, entry }: { summary: Summary; entry: DetailModel }) {
  const { headers, body, body_bytes, answer, query, response_headers } = entry;
  const errors = summary.status === 422 ? readErrors(answer) : [];
  const isCut = body !== null && body_bytes !== null && body_bytes > new TextEncoder().encode(body).length;
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
          The first {toSize(64 * 1024)} of {toSize(body_bytes)}.
        </p>
      )}
      <h3>
        Answer <small>{summary.ms === null ? 'open' : `${summary.ms} ms`}</small>
      </h3>
      {response_headers && <Headers headers={response_headers} word="header of ours" />}
      {answer === null ? <p>No answer got out.</p> : <JsonView text={answer} label="Answer" />}
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
            <dt>{name}</dt>
            <dd>{showText(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function readErrors(answer: string | null): { loc: (string | number)[]; msg: string; type: string }[] {
  try {
    return JSON.parse(answer ?? '').detail ?? [];
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
