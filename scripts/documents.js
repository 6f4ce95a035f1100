// What the documents say, for the checks that hold the program against them.
import { readdirSync, readFileSync } from 'node:fs';

const project = new URL('../', import.meta.url);
const readDocument = (document) => readFileSync(new URL(document, project), 'utf8');

/** README and what is in docs/. */
export const listDocuments = () => [
  'README.md',
  ...readdirSync(new URL('docs', project))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];

/**
 * @typedef {object} Block a code block of a document
 * @property {string} document its path in the project
 * @property {string} heading what it stands under, as `## Recipes`
 * @property {string} language
 * @property {number} line that of its first line of code, from 1
 * @property {string} before the paragraph above it
 * @property {string} code
 */

/**
 * The code blocks of a document.
 * @returns {Block[]}
 */
export function readBlocks(document) {
  const lines = readDocument(document).split('\n');
  const blocks = [];
  let heading = '';
  for (let index = 0; index < lines.length; index++) {
    if (/^#+ /.test(lines[index])) heading = lines[index];
    const [, indent, fence, language] = /^( *)(`{3,})([^\s`]*)/.exec(lines[index]) ?? [];
    if (fence === undefined) continue;
    const end = lines.findIndex((line, other) => other > index && line.trim() === fence);
    if (end === -1) throw new Error(`${document}:${index + 1}: this code block has no end`);
    const code = lines.slice(index + 1, end).map((line) => `${line.slice(indent.length)}\n`);
    const [before = ''] = lines
      .slice(0, index)
      .join('\n')
      .trimEnd()
      .split(/\n\s*\n/)
      .slice(-1);
    blocks.push({ document, heading, language, line: index + 2, before, code: code.join('') });
    index = end;
  }
  return blocks;
}

/**
 * The code blocks of a language that stand behind a heading and before the next one.
 * @returns {string[]} at least one
 */
export function readCode(heading, language, document = 'README.md') {
  const blocks = readBlocks(document).filter((block) => block.heading === heading && block.language === language);
  if (blocks.length === 0) throw new Error(`${document} has no ${language} behind ${heading}`);
  return blocks.map(({ code }) => code);
}

/**
 * The faults of docs/faults.md, and what each client sees of them: what stands in backticks, in its order.
 * @returns {{ fault: string, fetch: string[], curl: string[], requests: string[], urllib: string[] }[]}
 */
export function readFaultTable() {
  const [, section = ''] = readDocument('docs/faults.md').split('## What clients see');
  const [table] = section.split(/^#+ /m);
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => {
    const cells = line.split('|').slice(1, -1);
    const [[fault], fetch, curl, requests, urllib] = cells.map((cell) =>
      [...cell.matchAll(/`([^`]*)`/g)].map(([, code]) => code),
    );
    return { fault, fetch, curl, requests, urllib };
  });
}
