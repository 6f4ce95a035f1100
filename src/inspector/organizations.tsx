import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, change } from './api.ts';
import { setFilter } from './filter-field.tsx';
import { JsonView } from './json-view.tsx';
import { base, side, summaries } from './state.ts';
import { showText } from './text.ts';

const TIERS = ['free', 'pro', 'team', 'enterprise'];
const CATEGORIES = ['metadata', 'data', 'search', 'upload', 'compute'] as const;
type Numbers = Partial<Record<(typeof CATEGORIES)[number], number>>;

interface Organization {
  organization_id: string;
  organization_name: string;
  account_type: string;
  credit_count: number;
  rate_limits_override: Numbers;
  tier_limits: Numbers;
  rate_limits: Numbers;
}

export function Organizations() {
  const text = useSignal('');
  const open = useSignal('');
  const changes = summaries.value.filter(({ changed }) => changed.length > 0).length;
  const readAll = async () => {
    const { status, text: answered } = await ask('GET', `${base.value}/organizations?limit=100`);
    if (status === 200) text.value = answered;
  };
  useEffect(() => void readAll().catch(() => {}), [base.value, changes]);
  const all: Organization[] = text.value === '' ? [] : JSON.parse(text.value).organizations;
  return (
    <>
      <div class="title">
        <h2>Organizations</h2>
      </div>
      {all.map((one) => (
        <section key={one.organization_id} class="card">
          <button
            type="button"
            class="head"
            aria-expanded={open.value === one.organization_id}
            onClick={() => (open.value = open.value === one.organization_id ? '' : one.organization_id)}
          >
            <b>{showText(one.organization_name)}</b>
            <small>
              {one.account_type} · {one.organization_id}
            </small>
          </button>
          {open.value === one.organization_id && <Whole organization={one} onChange={readAll} />}
        </section>
      ))}
    </>
  );
}

function Whole({ organization, onChange }: { organization: Organization; onChange: () => Promise<void> }) {
  const text = useSignal('');
  const { organization_id, account_type, credit_count, tier_limits, rate_limits_override, rate_limits } = organization;
  const path = `${base.value}/organizations/${encodeURIComponent(organization_id)}`;
  useEffect(() => {
    ask('GET', path).then(
      (answer) => (text.value = answer.text),
      () => {},
    );
  }, [path, organization]);
  const patch = async (members: object) => {
    await change('PATCH', path, members);
    await onChange();
  };
  return (
    <>
      <label>
        Tier{' '}
        <select value={account_type} onChange={({ currentTarget }) => patch({ account_type: currentTarget.value })}>
          {TIERS.map((tier) => (
            <option key={tier}>{tier}</option>
          ))}
        </select>
      </label>
      <label>
        Credits{' '}
        <input
          type="number"
          min="0"
          value={credit_count}
          onChange={({ currentTarget }) => patch({ credit_count: Number(currentTarget.value) })}
        />
      </label>
      <table class="limits">
        <thead>
          <tr>
            <th scope="col">a minute</th>
            <th scope="col">tier</th>
            <th scope="col">override</th>
            <th scope="col">holds</th>
          </tr>
        </thead>
        <tbody>
          {CATEGORIES.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{tier_limits[name]}</td>
              <td>{rate_limits_override[name] ?? '–'}</td>
              <td>
                <b>{rate_limits[name]}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <button
        type="button"
        class="link"
        onClick={() => {
          setFilter(`org:${organization_id} is:changed`);
          side.value = 'requests';
        }}
      >
        Requests that changed it
      </button>
      {text.value !== '' && <JsonView text={text.value} label="The organization" />}
    </>
  );
}
