import { useSignal } from '@preact/signals';
import type { MadeSandboxView, SandboxView } from '../control/sandbox-views.ts';
import { changeTo, read } from './api.ts';
import { copy } from './clipboard.ts';
import { Dialog } from './dialog.tsx';
import { TIERS } from './organizations.tsx';
import { connection, dialog, isAway, sandboxId, selected, writeAddress } from './state.ts';
import { showText, toDuration } from './text.ts';

export function choose(id: string): void {
  sandboxId.value = id;
  selected.value = '';
  writeAddress();
}

export function SandboxPicker() {
  const all = useSignal<SandboxView[]>([]);
  const isOpen = useSignal(false);
  const search = useSignal('');
  const open = async () => {
    isOpen.value = !isOpen.value;
    if (!isOpen.value) return;
    const page = await read<{ sandboxes: SandboxView[] }>('/sandboxes?limit=1000');
    if (page !== undefined) all.value = page.sandboxes;
  };
  const found = all.value.filter(({ sandbox_id, name }) => `${sandbox_id} ${name}`.includes(search.value)).slice(0, 50);
  return (
    <div class="picker">
      <button
        type="button"
        aria-expanded={isOpen.value}
        aria-label={`Sandbox ${sandboxId.value}`}
        disabled={isAway.value && connection.value !== 'deleted'}
        onClick={open}
      >
        {sandboxId.value} <span aria-hidden="true">▾</span>
      </button>
      {isOpen.value && (
        <div class="menu">
          {all.value.length > 8 && (
            <input
              type="search"
              aria-label="Find a sandbox"
              placeholder="find"
              onInput={({ currentTarget }) => (search.value = currentTarget.value)}
            />
          )}
          {found.map((one) => (
            <button
              key={one.sandbox_id}
              type="button"
              aria-current={one.sandbox_id === sandboxId.value}
              onClick={() => {
                isOpen.value = false;
                choose(one.sandbox_id);
              }}
            >
              <span>{showText(one.name ?? one.sandbox_id)}</span>
              <small>
                {toDuration(one.age_seconds * 1000)} old, {one.requests} requests
                {one.ttl_left_seconds !== null && `, ${toDuration(one.ttl_left_seconds * 1000)} left`}
              </small>
            </button>
          ))}
          <button
            type="button"
            onClick={() => {
              isOpen.value = false;
              dialog.value = 'sandbox';
            }}
          >
            New sandbox…
          </button>
        </div>
      )}
    </div>
  );
}

/** Its keys are shown once, from the answer that made it, and kept nowhere. */
export function NewSandbox() {
  const made = useSignal<MadeSandboxView | undefined>(undefined);
  const tier = useSignal('pro');
  const name = useSignal('');
  const make = async () => {
    const body = { account_type: tier.value, ...(name.value !== '' && { name: name.value }) };
    const answered = await changeTo<{ sandboxes: MadeSandboxView[] }>('POST', '/sandboxes', body);
    made.value = answered?.sandboxes[0];
  };
  const sandbox = made.value;
  if (sandbox === undefined) {
    return (
      <Dialog title="New sandbox">
        <label>
          Name <input value={name.value} onInput={({ currentTarget }) => (name.value = currentTarget.value)} />
        </label>
        <label>
          Tier{' '}
          <select value={tier.value} onChange={({ currentTarget }) => (tier.value = currentTarget.value)}>
            {TIERS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button type="button" class="main" onClick={make}>
          Make it
        </button>
      </Dialog>
    );
  }
  const environment = [
    `export MIXPEEK_API_KEY=${sandbox.api_keys.admin}`,
    `export MIXPEEK_BASE_URL=${sandbox.base_url}`,
    `export MIXPEEK_API_URL=${sandbox.base_url}`,
  ].join('\n');
  return (
    <Dialog title={sandbox.sandbox_id}>
      <p>These keys are shown here only.</p>
      <dl class="headers">
        {Object.entries(sandbox.api_keys).map(([permission, key]) => (
          <div key={permission}>
            <dt>{permission}</dt>
            <dd>{key}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="main" onClick={() => copy(environment, 'as environment')}>
        Copy as environment
      </button>
      <button
        type="button"
        onClick={() => {
          choose(sandbox.sandbox_id);
          dialog.value = undefined;
        }}
      >
        Look at it
      </button>
    </Dialog>
  );
}
