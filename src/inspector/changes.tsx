import { useState } from 'preact/hooks';
import { diffJson, type JsonNode, parseJson } from './json.ts';
import { showText } from './text.ts';

/** Characters of a value that are shown before somebody asks for more. */
const LONG = 2000;

/** What a request changed, member by member, with every digit. @param entry the text of an entry of the journal */
export function Changes({ entry }: { entry: string }) {
  const changes = readChanges(entry);
  if (changes.length === 0) return null;
  return (
    <>
      <h3>What it changed</h3>
      {changes.map(({ member, before, after }) => (
        <table key={member} class="changes">
          <caption>{member}</caption>
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
      ))}
    </>
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

interface Change {
  member: string;
  before: JsonNode | undefined;
  after: JsonNode | undefined;
}

function readChanges(entry: string): Change[] {
  const node = parseJson(entry);
  const changes = memberOf(node, 'changes');
  if (changes?.kind !== 'array') return [];
  return changes.items.map((item) => {
    const member = memberOf(item, 'member');
    return {
      member: member?.kind === 'string' ? String(JSON.parse(member.text)) : '',
      before: memberOf(item, 'before'),
      after: memberOf(item, 'after'),
    };
  });
}

const memberOf = (node: JsonNode | undefined, name: string): JsonNode | undefined =>
  node?.kind === 'object' ? node.members.find((one) => one.name === name)?.value : undefined;
