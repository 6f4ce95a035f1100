import { useMemo, useState } from 'preact/hooks';
import { type PlacedError, placeErrors } from './errors-at-lines.ts';
import { parseJson, toLines } from './json.ts';
import { showText } from './text.ts';

/** Lines that are shown before somebody asks for more. */
const FIRST_LINES = 300;

/** JSON as it was sent, every digit of it, with what is wrong at its line; text that is not JSON as it is. */
export function JsonView({ text, errors = [], label }: { text: string; errors?: PlacedError[]; label: string }) {
  const [isWhole, setWhole] = useState(false);
  const node = useMemo(() => parseJson(text), [text]);
  if (node === undefined) {
    return (
      <pre class="code" tabIndex={0} role="region" aria-label={label}>
        {showText(text, '\n\t')}
      </pre>
    );
  }
  const lines = toLines(node);
  const wrong = placeErrors(lines, errors);
  const shown = isWhole ? lines : lines.slice(0, FIRST_LINES);
  return (
    <div class="code" tabIndex={0} role="region" aria-label={label}>
      {shown.map(({ depth, tokens }, index) => (
        <div key={index} class={wrong.has(index) ? 'line wrong' : 'line'}>
          {'  '.repeat(depth)}
          {tokens.map(({ kind, text: token }, place) => (
            <span key={place} class={`t-${kind}`}>
              {showText(token)}
            </span>
          ))}
          {wrong.get(index)?.map((message) => (
            <span key={message} class="problem">
              {message}
            </span>
          ))}
        </div>
      ))}
      {lines.length > shown.length && (
        <button type="button" onClick={() => setWhole(true)}>
          {lines.length - shown.length} more lines
        </button>
      )}
    </div>
  );
}
