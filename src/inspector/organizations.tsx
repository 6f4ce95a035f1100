import { useSignal } from '@preact/signals';
import type { OrganizationPage } from '../control/organizations.ts';
import { change } from './api.ts';
import { ApiKeys } from './api-keys.tsx';
import { setFilter } from './filter-field.tsx';
import { JsonView } from './json-view.tsx';
import { base, side } from './state.ts';
import { showText } from './text.ts';
import { useText } from './use-text.ts';

type Organization = OrganizationPage['organizations'][number];
export const TIERS: readonly Organization['account_type'][] = ['free', 'pro', 'team', 'enterprise'];
const CATEGORIES = ['metadata', 'data', 'search', 'upload', 'compute'] as const;
const SHOWN = 100;

export function Organizations() {
  const { text, readAgain } = useText(`${base.value}/organizations?limit=${SHOWN}`);
  const open = useSignal('');
  const page: OrganizationPage | undefined = text ? JSON.parse(text) : undefined;
  return (
    <>
      <div class="title">
        <h2>Organizations</h2>
      </div>
      {page?.organizations.map((one) => (
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
          {open.value === one.organization_id && <Whole organization={one} onChange={readAgain} />}
        </section>
      ))}
      {page !== undefined && page.next !== null && <p class="hint">These are the first {SHOWN}.</p>}
    </>
  );
}

function Whole({ organization, onChange }: { organization: Organization; onChange: () => Promise<void> }) {
  const { organization_id, account_type, credit_count, tier_limits, rate_limits_override, rate_limits } = organization;
  const path = `${base.value}/organizations/${encodeURIComponent(organization_id)}`;
  // Its numbers have digits that those of the page have not.
  const { text } = useText(path);
  /** What is refused does not stay in its field. */
  const patch = async (members: object, field: HTMLSelectElement | HTMLInputElement, known: string | number) => {
    if (await change('PATCH', path, members)) await onChange();
    else field.value = String(known);
  };
  return (
    <>
      <label>
        Tier{' '}
        <select
          value={account_type}
          onChange={({ currentTarget }) => patch({ account_type: currentTarget.value }, currentTarget, account_type)}
        >
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
          required
          value={credit_count}
          onChange={({ currentTarget }) => {
            if (!currentTarget.reportValidity()) currentTarget.value = String(credit_count);
            else void patch({ credit_count: currentTarget.valueAsNumber }, currentTarget, credit_count);
          }}
        />
      </label>
      <table class="limits">
        <thead>
          <tr>
            <th scope="col">a minute</th>
            <th scope="col">tier</th>
            <th scope="col">override</th>
            <th scope="col">effective</th>
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
      <ApiKeys organization_id={organization_id} />
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
      {text && <JsonView text={text} label="The organization" />}
    </>
  );
}
