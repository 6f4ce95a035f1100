import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, change, changeTo, read } from './api.ts';
import { JsonView } from './json-view.tsx';
import { base, notice } from './state.ts';
import { showText, toDateTime } from './text.ts';

interface Snapshot {
  name: string;
  created_at: string;
}

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

export function Snapshots() {
  const all = useSignal<Snapshot[]>([]);
  const name = useSignal('');
  const changes = useSignal<{ of: string; text: string } | undefined>(undefined);
  const readAll = async () => {
    const answered = await read<{ snapshots: Snapshot[] }>(`${base.value}/snapshots`);
    if (answered !== undefined) all.value = answered.snapshots;
  };
  useEffect(() => void readAll().catch(() => {}), [base.value, notice.value]);
  const pathOf = (one: string) => `${base.value}/snapshots/${encodeURIComponent(one)}`;
  const compare = async (one: string) => {
    const { status, text } = await ask('GET', `${pathOf(one)}/changes`);
    if (status === 200) changes.value = { of: one, text };
  };
  return (
    <>
      <div class="title">
        <h2>Snapshots</h2>
      </div>
      <form
        class="inline"
        onSubmit={async (event) => {
          event.preventDefault();
          await takeSnapshot(name.value || `at-${all.value.length}`);
          name.value = '';
          await readAll();
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
      {all.value.map(({ name: one, created_at }) => (
        <section key={one} class="card">
          <div class="title">
            <h3>{showText(one)}</h3>
            <small>{created_at && toDateTime(created_at).slice(0, 19)}</small>
          </div>
          <div class="links">
            <button type="button" class="link" onClick={() => change('POST', `${pathOf(one)}/restore`)}>
              Restore
            </button>
            <button type="button" class="link" onClick={() => compare(one)}>
              What changed since
            </button>
            {one !== 'initial' && (
              <button
                type="button"
                class="link"
                onClick={async () => {
                  await change('DELETE', pathOf(one));
                  await readAll();
                }}
              >
                Delete
              </button>
            )}
          </div>
          {changes.value?.of === one && <JsonView text={changes.value.text} label={`What changed since ${one}`} />}
        </section>
      ))}
    </>
  );
}
