import { useSignal } from '@preact/signals';
import type { SnapshotView } from '../control/snapshots.ts';
import { change, changeTo } from './api.ts';
import { StateChanges } from './changes.tsx';
import { focus } from './layout.ts';
import { base, notice } from './state.ts';
import { showText, toDateTime } from './text.ts';
import { useText } from './use-text.ts';

/** Says what was done, with a button that takes it back. @param before the snapshot of what was */
export function offerWayBack(text: string, from: string, before: string): void {
  const undo = async () => {
    if (await change('POST', `${from}/snapshots/${encodeURIComponent(before)}/restore`)) notice.value = undefined;
  };
  notice.value = { tone: 'done', text, undo };
}

/** Takes the sandbox back to its seed. */
export async function reset(): Promise<void> {
  const from = base.value;
  const done = await changeTo<{ before: string }>('POST', `${from}/reset`);
  if (done !== undefined) offerWayBack('Reset. The requests are gone.', from, done.before);
}

/** @returns whether it was taken */
export async function takeSnapshot(name: string): Promise<boolean> {
  const isTaken = await change('PUT', `${base.value}/snapshots/${encodeURIComponent(name)}`);
  if (isTaken) notice.value = { tone: 'done', text: `Kept as ${name}.` };
  return isTaken;
}

/** For a snapshot that nobody named, by the clock of whoever looks. */
export const nameNow = (): string => `at-${new Date().toTimeString().slice(0, 8).replaceAll(':', '')}`;

export function Snapshots() {
  const { text, readAgain } = useText(`${base.value}/snapshots`);
  const name = useSignal('');
  const open = useSignal('');
  const all: SnapshotView[] = text ? JSON.parse(text).snapshots : [];
  const restore = async (one: string) => {
    const from = base.value;
    const done = await changeTo<{ before: string }>('POST', `${pathOf(one)}/restore`);
    if (done !== undefined) offerWayBack(`Back to ${one}.`, from, done.before);
    await readAgain();
  };
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
          if (!(await takeSnapshot(name.value || nameNow()))) return;
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
            <button type="button" class="link" onClick={() => restore(one)}>
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
                  focus('panel');
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
