import { useSignal } from '@preact/signals';
import type { SnapshotView } from '../control/snapshots.ts';
import { change, changeTo } from './api.ts';
import { StateChanges } from './changes.tsx';
import { base, notice } from './state.ts';
import { showText, toDateTime } from './text.ts';
import { useText } from './use-text.ts';

/** Takes the sandbox back, and offers the way back. */
export async function reset(): Promise<void> {
  const done = await changeTo<{ before: string }>('POST', `${base.value}/reset`);
  if (done === undefined) return;
  const undo = async () => {
    if (await change('POST', `${base.value}/snapshots/${encodeURIComponent(done.before)}/restore`))
      notice.value = undefined;
  };
  notice.value = { tone: 'done', text: 'Reset. The requests are gone.', undo };
}

export const takeSnapshot = async (name: string): Promise<void> => {
  if (await change('PUT', `${base.value}/snapshots/${encodeURIComponent(name)}`)) {
    notice.value = { tone: 'done', text: `Kept as ${name}.` };
  }
};

/** For a snapshot that nobody named, by the clock of whoever looks. */
export const nameNow = (): string => `at-${new Date().toTimeString().slice(0, 8).replaceAll(':', '')}`;

export function Snapshots() {
  const { text, readAgain } = useText(`${base.value}/snapshots`);
  const name = useSignal('');
  const open = useSignal('');
  const all: SnapshotView[] = text ? JSON.parse(text).snapshots : [];
  const pathOf = (one: string) => `${base.value}/snapshots/${encodeURIComponent(one)}`;
  return (
    <>
      <div class="title">
        <h2>Snapshots</h2>
      </div>
      <form
        class="inline"
        onSubmit={async (event) => {
          event.preventDefault();
          await takeSnapshot(name.value || nameNow());
          name.value = '';
          await readAgain();
        }}
      >
        <input
          aria-label="Name of the snapshot"
          placeholder="name"
          value={name.value}
          onInput={({ currentTarget }) => (name.value = currentTarget.value)}
        />
        <button type="submit">Take</button>
      </form>
      {all.map(({ name: one, created_at }) => (
        <section key={one} class="card">
          <div class="title">
            <h3>{showText(one)}</h3>
            <small>{created_at && toDateTime(created_at).slice(0, 19)}</small>
          </div>
          <div class="links">
            <button type="button" class="link" onClick={() => change('POST', `${pathOf(one)}/restore`)}>
              Restore
            </button>
            <button
              type="button"
              class="link"
              aria-expanded={open.value === one}
              onClick={() => (open.value = open.value === one ? '' : one)}
            >
              What changed since
            </button>
            {one !== 'initial' && (
              <button
                type="button"
                class="link"
                onClick={async () => {
                  await change('DELETE', pathOf(one));
                  await readAgain();
                }}
              >
                Delete
              </button>
            )}
          </div>
          {open.value === one && <Since name={one} path={pathOf(one)} />}
        </section>
      ))}
    </>
  );
}

function Since({ name, path }: { name: string; path: string }) {
  const { text } = useText(`${path}/changes`);
  return text ? <StateChanges text={text} label={`What changed since ${name}`} /> : null;
}
