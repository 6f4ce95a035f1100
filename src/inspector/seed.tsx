import { useSignal } from '@preact/signals';
import { ask, isDone, toMessage } from './api.ts';
import { copy } from './clipboard.ts';
import { offerWayBack } from './snapshots.tsx';
import { base, sandboxId } from './state.ts';
import { showText } from './text.ts';
import { useText } from './use-text.ts';

/** Characters of it that are put out. */
const SHOWN = 200_000;

/** The state as a seed file: to copy, to keep, and to load another one. */
export function Seed() {
  const { text = '', readAgain } = useText(`${base.value}/state`, 'application/yaml');
  const problem = useSignal('');
  const load = async (file: File | undefined) => {
    if (file === undefined) return;
    const type = file.name.endsWith('.json') ? 'application/json' : 'application/yaml';
    const from = base.value;
    const answer = await ask('PUT', `${from}/state`, await file.text(), type);
    problem.value = isDone(answer) ? '' : toMessage(answer);
    if (!isDone(answer)) return;
    offerWayBack(`${file.name} is loaded.`, from, JSON.parse(answer.text).before);
    await readAgain();
  };
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
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
        <button type="button" onClick={() => copy(text, 'the seed')}>
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
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              // The same one, mended, is chosen again.
              currentTarget.value = '';
              void load(file);
            }}
          />
        </label>
      </div>
      {problem.value !== '' && <pre class="problem">{showText(problem.value, '\n')}</pre>}
      <pre class="code" tabIndex={0} role="region" aria-label="The state as a seed">
        {showText(text.slice(0, SHOWN), '\n\t')}
      </pre>
      {text.length > SHOWN && <p class="hint">This is the beginning: copy or download all of it.</p>}
    </div>
  );
}
