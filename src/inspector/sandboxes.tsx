import { useSignal } from '@preact/signals';
import type { MadeSandboxView } from '../control/sandbox-views.ts';
import { changeTo } from './api.ts';
import { copy } from './clipboard.ts';
import { closeDialog, Dialog } from './dialog.tsx';
import { TIERS } from './organizations.tsx';
import { sandboxId, selected, writeAddress } from './state.ts';

/** Shows another one. */
export function choose(id: string): void {
  sandboxId.value = id;
  selected.value = '';
  writeAddress();
}

/** Its keys are shown once, from the answer that made it, and kept nowhere. */
export function NewSandbox() {
  const made = useSignal<MadeSandboxView | undefined>(undefined);
  const tier = useSignal('pro');
  const name = useSignal('');
  const isBusy = useSignal(false);
  const make = async () => {
    isBusy.value = true;
    const body = { account_type: tier.value, ...(name.value !== '' && { name: name.value }) };
    const answered = await changeTo<{ sandboxes: MadeSandboxView[] }>('POST', '/sandboxes', body);
    made.value = answered?.sandboxes[0];
    isBusy.value = false;
  };
  const sandbox = made.value;
  if (sandbox === undefined) {
    return (
      <Dialog title="New sandbox" isBusy={isBusy.value}>
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
        <button type="button" class="main" disabled={isBusy.value} onClick={make}>
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
          closeDialog();
          choose(sandbox.sandbox_id);
        }}
      >
        Look at it
      </button>
    </Dialog>
  );
}
