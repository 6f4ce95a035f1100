import { useState } from 'preact/hooks';
import type { Differences } from '../control/snapshots.ts';
import { diffJson, type JsonNode, parseJson } from './json.ts';
import { showText } from './text.ts';

/** Characters of a value that are shown before somebody asks for more. */
const LONG = 2000;

/** What a request changed, member by member, with every digit. @param entry the text of an entry of the journal */
export function Changes({ entry }: { entry: string }) {
  const changes = listItems(entry, 'changes');
  if (changes.length === 0) return null;
  return (
    <>
      <h3>What it changed</h3>
      {changes.map((change) => {
        const member = textOf(change, 'member');
        return (
          <Table key={member} caption={member} before={memberOf(change, 'before')} after={memberOf(change, 'after')} />
        );
      })}
    </>
  );
}

/** What is another than in a snapshot. @param text what the control plane answers */
export function StateChanges({ text, label }: { text: string; label: string }) {
  const changes = listItems(text, 'changes');
  const { more }: Differences = JSON.parse(text);
  return (
    <section class="differences" aria-label={label}>
      {changes.length === 0 && <p class="hint">Nothing.</p>}
      {changes.map((change) => {
        const place = [textOf(change, 'id') || textOf(change, 'kind'), textOf(change, 'member')]
          .filter(Boolean)
          .join(' ');
        return (
          <Table key={place} caption={place} before={memberOf(change, 'before')} after={memberOf(change, 'after')} />
        );
      })}
      {more > 0 && <p class="hint">and {more} more</p>}
    </section>
  );
}

interface Values {
  before: JsonNode | undefined;
  after: JsonNode | undefined;
}

function Table({ caption, before, after }: Values & { caption: string }) {
  return (
    <table class="changes">
      <caption>{showText(caption)}</caption>
      <tbody>
        {diffJson(before, after).map((row) => (
          <tr key={row.path}>
            <th scope="row">{showText(row.path) || 'value'}</th>
            <td class="before">{row.before !== null && <Value sign="−" text={row.before} />}</td>
            <td class="after">{row.after !== null && <Value sign="+" text={row.after} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Value({ sign, text }: { sign: string; text: string }) {
  const [isWhole, setWhole] = useState(text.length <= LONG);
  return (
    <>
      <span>
        {sign} {showText(isWhole ? text : text.slice(0, LONG))}
      </span>
      {!isWhole && (
        <button type="button" class="link" onClick={() => setWhole(true)}>
          … {text.length - LONG} more characters
        </button>
      )}
    </>
  );
}

function listItems(text: string, name: string): JsonNode[] {
  const items = memberOf(parseJson(text), name);
  return items?.kind === 'array' ? items.items : [];
}

const memberOf = (node: JsonNode | undefined, name: string): JsonNode | undefined =>
  node?.kind === 'object' ? node.members.find((one) => one.name === name)?.value : undefined;

/** Empty where it is no text. */
function textOf(node: JsonNode, name: string): string {
  const value = memberOf(node, name);
  return value?.kind === 'string' ? String(JSON.parse(value.text)) : '';
}
