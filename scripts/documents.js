// What the documents say, for the checks that hold the program against them.
import { readFileSync } from 'node:fs';

/** What stands behind a heading of a document and before the next one. */
function readSection(heading, document) {
  const text = readFileSync(new URL(`../${document}`, import.meta.url), 'utf8');
  if (!text.includes(heading)) throw new Error(`${document} has no ${heading}`);
  const [section = ''] = text.slice(text.indexOf(heading) + heading.length).split(/^#+ /m, 1);
  return section;
}

/** The code blocks of a section. */
export function readCode(heading, language, document = 'README.md') {
  const blocks = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs');
  return [...readSection(heading, document).matchAll(blocks)].map(([, code]) => code);
}

/**
 * The faults of README, and what each client sees of them: what stands in backticks, in its order.
 * @returns {{ fault: string, fetch: string[], curl: string[], requests: string[], urllib: string[] }[]}
 */
export function readFaultTable() {
  const section = readSection('### Break it on purpose', 'README.md');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => {
    const cells = line.split('|').slice(1, -1);
    const [[fault], fetch, curl, requests, urllib] = cells.map((cell) =>
      [...cell.matchAll(/`([^`]*)`/g)].map(([, code]) => code),
    );
    return { fault, fetch, curl, requests, urllib };
  });
}
