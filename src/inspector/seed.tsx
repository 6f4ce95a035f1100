import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, toMessage } from './api.ts';
import { base, notice, sandboxId } from './state.ts';
import { showText } from './text.ts';

/** The state as a seed file: to copy, to keep, and to load another one. */
export function Seed() {
  const text = useSignal('');
  const problem = useSignal('');
  const readAll = async () => {
    const { status, text: answered } = await ask(
      'GET',
      `${base.value}/state`,
      undefined,
      undefined,
      'application/yaml',
    );
    if (status === 200) text.value = answered;
  };
  useEffect(() => void readAll().catch(() => {}), [base.value]);
  const load = async (file: File | undefined) => {
    if (file === undefined) return;
    const type = file.name.endsWith('.json') ? 'application/json' : 'application/yaml';
    const { status, text: answered } = await ask('PUT', `${base.value}/state`, await file.text(), type);
    problem.value = status < 300 ? '' : toMessage(status, answered);
    if (status >= 300) return;
    notice.value = { tone: 'done', text: `${file.name} is loaded.` };
    await readAll();
  };
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text.value], { type: 'application/yaml' }));
    link.download = `${sandboxId.value}.yaml`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <div
      class="seed"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void load(event.dataTransfer?.files[0]);
      }}
    >
      <div class="title">
        <h2>Seed</h2>
      </div>
      <div class="buttons">
        <button type="button" onClick={() => navigator.clipboard.writeText(text.value)}>
          Copy
        </button>
        <button type="button" onClick={save}>
          Download
        </button>
        <label class="button">
          Load a file…
          <input
            type="file"
            accept=".yaml,.yml,.json"
            class="spoken"
            onChange={({ currentTarget }) => load(currentTarget.files?.[0])}
          />
        </label>
      </div>
      {problem.value !== '' && <pre class="problem">{showText(problem.value, '\n')}</pre>}
      <pre class="code" tabIndex={0} role="region" aria-label="The state as a seed">
        {showText(text.value.slice(0, 200_000), '\n')}
      </pre>
    </div>
  );
}
