// Faults that a person could make in a line: what the random part of `npm run test:mutants` chooses from.
import { listFiles, read } from './reach.js';

/**
 * Faults that change nothing that anybody could see: the file, what was there and what is, the line as it then is, and the reason.
 */
const EQUIVALENTS = JSON.parse(read('scripts/mutants/equivalents.json'));

/** A pattern, and what is put in its place; each place of a file where one fits is a fault. */
const OPERATORS = [
  [/ === /g, ' !== '],
  [/ !== /g, ' === '],
  [/ < /g, ' <= '],
  [/ <= /g, ' < '],
  [/ > /g, ' >= '],
  [/ >= /g, ' > '],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  [/ \?\? /g, ' && '],
  [/ \+ 1\b/g, ' - 1'],
  [/ - 1\b/g, ' + 1'],
  [/ \+ (?=[a-zA-Z(])/g, ' - '],
  [/ \* /g, ' / '],
  [/\btrue\b/g, 'false'],
  [/\bfalse\b/g, 'true'],
  [/\bMath\.max\b/g, 'Math.min'],
  [/\bMath\.min\b/g, 'Math.max'],
  [/\bMath\.ceil\b/g, 'Math.floor'],
  [/\bMath\.floor\b/g, 'Math.ceil'],
  [/\.some\(/g, '.every('],
  [/\.every\(/g, '.some('],
  [/\bif \(!/g, 'if ('],
  [/\bif \((?!!)(?=[\w.]+\))/g, 'if (!'],
  [/(?<=[ (])0\b(?![.xn])/g, '1'],
  [/(?<=[ (])1\b(?![._xn])/g, '2'],
  [/(?<=[ (])(\d{2,})\b(?![.n])/g, (digits) => String(Number(digits) + 1)],
  [/\.slice\(1\)/g, '.slice(0)'],
  [/\.trim\(\)/g, ''],
  [/\.toLowerCase\(\)/g, ''],
  // A statement that is left out.
  [/^\s+(?:await )?(?:this|[a-z]\w*)(?:\.\w+)*\([^\n]*\);$/gm, ''],
  [/^\s+(?:this\.)?\w+(?:\.\w+)* [-+]?= [^\n]*;$/gm, ''],
  [/^\s+(?:this\.)?\w+(?:\+\+|--);$/gm, ''],
  [/^\s+delete [^\n]*;$/gm, ''],
];

/** The text with the characters of comments and imports made blanks, so that nothing in them is found. */
const blank = (text) => text.replace(/[^\n]/g, ' ');
const onlyCode = (source) =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/(?<=^|\s)\/\/.*/gm, blank)
    .replace(/^import [\s\S]*?;$/gm, blank)
    .replace(/^(?:export )?(?:interface|type) [\s\S]*?\n(?:}|.*;)$/gm, blank);

function isEquivalent({ file, was, is, text, line }) {
  const then = text.split('\n')[line - 1]?.trim();
  return EQUIVALENTS.some(
    (known) => known.file === file && known.was === was && known.is === is && known.line === then,
  );
}

/** Random faults, by a seed; which ones are valid is seen when they are tried. */
export function* chooseFaults(seed) {
  const all = listFiles('src').flatMap((file) => listMutations(file, read(file)));
  const random = buildRandom(seed);
  while (all.length > 0) {
    const [chosen] = all.splice(Math.floor(random() * all.length), 1);
    if (!isEquivalent(chosen)) yield chosen;
  }
}

/** Every fault of a file: where it is, and the text that the file then has. */
function listMutations(file, source) {
  const code = onlyCode(source);
  const mutations = [];
  for (const [pattern, replacement] of OPERATORS) {
    for (const match of code.matchAll(pattern)) {
      const [found] = match;
      const put = typeof replacement === 'string' ? replacement : replacement(found);
      const line = source.slice(0, match.index).split('\n').length + (found.startsWith('\n') ? 1 : 0);
      const text = source.slice(0, match.index) + put + source.slice(match.index + found.length);
      mutations.push({ file, line, was: found.trim(), is: put.trim() || '(left out)', text });
    }
  }
  return mutations;
}

/** Numbers from 0 up to 1 that follow from a seed (mulberry32). */
function buildRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
