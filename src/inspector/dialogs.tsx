import { useSignal } from '@preact/signals';
import { change, login } from './api.ts';
import { closeDialog, Dialog } from './dialog.tsx';
import { areKeysOn, KEYS } from './keys.ts';
import { logIn } from './live.ts';
import { NewSandbox } from './sandboxes.tsx';
import { reset } from './snapshots.tsx';
import { base, dialog, sandboxNow } from './state.ts';

export function Dialogs() {
  switch (dialog.value) {
    case 'help':
      return <Help />;
    case 'reset':
      return <AskReset />;
    case 'sandbox':
      return <NewSandbox />;
    case 'clock':
      return <SetClock />;
    default:
      return null;
  }
}

function Help() {
  return (
    <Dialog title="Keys">
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={areKeysOn.value}
          onChange={({ currentTarget }) => (areKeysOn.value = currentTarget.checked)}
        />{' '}
        Single keys are on
      </label>
    </Dialog>
  );
}

function AskReset() {
  return (
    <Dialog title="Back to the seed?">
      <p>Organizations, keys, limits and clock go back to what the sandbox was made with. The requests are emptied.</p>
      <button
        type="button"
        class="main"
        onClick={() => {
          closeDialog();
          void reset();
        }}
      >
        Reset
      </button>
      <button type="button" onClick={closeDialog}>
        Keep it
      </button>
    </Dialog>
  );
}

function SetClock() {
  const at = useSignal(new Date(sandboxNow()).toISOString().slice(0, 19));
  const set = async (isFrozen: boolean) => {
    // Browsers leave out seconds that are 0.
    const time = `${at.value.length === 16 ? `${at.value}:00` : at.value}Z`;
    if (await change('PUT', `${base.value}/clock`, isFrozen ? { frozen_at: time } : { running: true, now: time }))
      closeDialog();
  };
  return (
    <Dialog title="Clock of the sandbox">
      <label>
        UTC{' '}
        <input
          type="datetime-local"
          step="1"
          value={at.value}
          onInput={({ currentTarget }) => (at.value = currentTarget.value)}
        />
      </label>
      <button type="button" class="main" onClick={() => set(false)}>
        Run from there
      </button>
      <button type="button" onClick={() => set(true)}>
        Freeze there
      </button>
    </Dialog>
  );
}

/** Where a token is demanded: it is kept in this tab, and goes into a header only. */
export function Login() {
  const given = useSignal('');
  return (
    <main class="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          logIn(given.value);
        }}
      >
        <h1>mixpeek-mock</h1>
        <p>
          This mock can be reached from other machines, so its control plane asks for its token: what{' '}
          <code>--control-token</code> was given, or what was printed at the start.
        </p>
        <label>
          Token
          <input
            ref={(field) => field?.focus()}
            type="password"
            autocomplete="off"
            value={given.value}
            onInput={({ currentTarget }) => (given.value = currentTarget.value)}
          />
        </label>
        {login.value === 'wrong' && (
          <p class="problem" role="alert">
            The mock does not take this token.
          </p>
        )}
        <button type="submit" class="main">
          Look
        </button>
        <p class="hint">Kept in this tab until it is closed.</p>
      </form>
    </main>
  );
}
