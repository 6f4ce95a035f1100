import type { FaultView } from '../control/faults.ts';
import { change } from './api.ts';
import { focus } from './layout.ts';
import { describeRule } from './rule-sentence.ts';
import { base, nameOfRule, rules } from './state.ts';
import { showText } from './text.ts';

const QUICK: [string, object][] = [
  ['Next request: 500', { status: 500, times: 1 }],
  ['Next 3: 503 + Retry-After', { status: 503, times: 3 }],
  ['+2 s', { delay_ms: 2000, times: 1 }],
  ['Cut the line', { connection: 'reset', times: 1 }],
  ['Make it, lose the answer', { match: { method: 'PATCH' }, after_handler: true, connection: 'reset', times: 1 }],
];

export function Faults() {
  return (
    <>
      <div class="title">
        <h2>Faults</h2>
        {rules.value.length > 0 && (
          <button type="button" class="quiet" onClick={() => change('DELETE', `${base.value}/faults`)}>
            Remove all
          </button>
        )}
      </div>
      <div class="buttons">
        {QUICK.map(([word, rule]) => (
          <button key={word} type="button" onClick={() => change('POST', `${base.value}/faults`, rule)}>
            {word}
          </button>
        ))}
      </div>
      {rules.value.length === 0 && <p class="hint">No rule. What you add here is asked first.</p>}
      {rules.value.map((rule) => (
        <FaultCard key={rule.id} rule={rule} />
      ))}
    </>
  );
}

function FaultCard({ rule }: { rule: FaultView }) {
  const { id, name, enabled = true, matched, fired } = rule;
  const path = `${base.value}/faults/${id}`;
  return (
    <section class={enabled ? 'card' : 'card off'}>
      <div class="title">
        <h3 title={id}>{name === undefined ? <code>{id}</code> : showText(name)}</h3>
        <button
          type="button"
          role="switch"
          aria-checked={enabled}
          aria-label={`Rule ${showText(nameOfRule(id))}`}
          onClick={() => change('PATCH', path, { enabled: !enabled })}
        />
      </div>
      <p>{describeRule(rule)}</p>
      <div class="links">
        <span class={fired === 0 ? 'never' : ''}>
          matched {matched}, {fired === 0 ? 'never fired' : `fired ${fired}`}
        </span>
        <button type="button" class="link" onClick={() => change('DELETE', path).then(() => focus('panel'))}>
          Remove
        </button>
      </div>
    </section>
  );
}
