import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Block, listDocuments, readBlocks } from '../scripts/documents.js';
import { SETTINGS_SHAPE } from '../src/seed/content.ts';
import { readSeedFile } from '../src/seed/file.ts';
import { isTestFile, paste } from './support/paste.ts';
import { findStart, isAsShown, readTranscript, runTranscript } from './support/transcript.ts';
import { findTypeProblems, type TypeProblem } from './support/type-check.ts';

interface Place {
  document: string;
  heading: string;
  language: string;
}

/**
 * Code that needs a package which is not installed here: a part of `npm run test:outside` reads it from the document and runs it. All
 * Python is here or in UNRUN; of both the syntax is checked.
 */
const OUTSIDE: (Place & { needs: string; part: string })[] = [
  { document: 'README.md', heading: '### Anything else', language: 'python', needs: 'pytest', part: 'parallel' },
  { document: 'docs/pact.md', heading: '## pact-js', language: 'js', needs: '@pact-foundation/pact', part: 'pact' },
  { document: 'README.md', heading: '### jest', language: 'js', needs: 'jest', part: 'package' },
];

/** Code that is only parsed. */
const UNRUN: (Place & { why: string })[] = [
  {
    document: 'docs/recipes.md',
    heading: '## Python, with the official SDK',
    language: 'python',
    why: 'needs the SDK from PyPI, in the version that the document names',
  },
];

/** Commands of transcripts that are not run, by how they begin. */
const UNRUN_COMMANDS: Record<string, string> = {
  'mixpeek-mock --db postgres:': 'needs an engine; test/shared starts such servers',
  'docker compose ': 'needs Docker; scripts/image.sh runs compose.yaml',
  'mixpeek-mock requests --follow': 'goes on until it is interrupted; test/cli/requests.test.ts follows it',
};

/** What the text around a fragment says that it has, in one line that ends with a semicolon. */
const PREAMBLES: (Place & { code: string })[] = [
  {
    document: 'docs/sandboxes.md',
    heading: '## In a program',
    language: 'ts',
    code: "import { createMockServer } from 'mixpeek-mock';",
  },
];

const KINDS = ['ts', 'js', 'json', 'yaml', 'console', 'python'];

const blocks = listDocuments().flatMap(readBlocks);
const ofKind = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
const isSamePlace = (one: Place, other: Place) =>
  one.document === other.document && one.heading === other.heading && one.language === other.language;
const findAt = <T extends Place>(places: T[], block: Block) => places.find((place) => isSamePlace(place, block));
const nameOf = ({ document, line, heading, language }: Block) =>
  `${document}:${line} (${heading.replace(/^#+ /, '')}, ${language})`;
/** For `it.each`. */
const named = (some: Block[]) => some.map((block) => [nameOf(block), block] as const);

describe('every block of code in README and docs/', () => {
  it('is of a kind that is checked here', () => {
    const unknown = blocks.filter(({ language }) => !KINDS.includes(language));
    expect(unknown.map(nameOf), `nobody runs these: code must be ${KINDS.join(', ')}`).toEqual([]);
  });

  it('is there, where it is an exception', () => {
    const exceptions = [...OUTSIDE, ...UNRUN, ...PREAMBLES];
    expect(exceptions.filter((place) => !blocks.some((block) => isSamePlace(place, block)))).toEqual([]);
    const commands = ofKind('console').flatMap(({ code }) => readTranscript(code).map(({ command }) => command));
    const isRun = (start: string) => !commands.some((command) => command.startsWith(start));
    expect(Object.keys(UNRUN_COMMANDS).filter(isRun)).toEqual([]);
  });

  it.each(OUTSIDE)('is read by the part of test:outside that runs it: %j', ({ needs, part, ...place }) => {
    expect(existsSync(new URL(`../node_modules/${needs}`, import.meta.url)), `${needs} is installed`).toBe(false);
    const source = readFileSync(new URL(`../scripts/outside/${part}.js`, import.meta.url), 'utf8');
    const { document, heading, language } = place;
    const words = ['readCode(', `'${heading}'`, `'${language}'`, document === 'README.md' ? '' : `'${document}'`];
    expect(words.filter((word) => !source.includes(word))).toEqual([]);
  });
});

const modules = ofKind('ts', 'js').filter((block) => findAt(OUTSIDE, block) === undefined);

describe('the types are right of', () => {
  let problems: TypeProblem[][];
  beforeAll(async () => {
    // Preambles stand in the first line, so that lines keep their numbers.
    const toCode = (block: Block) => (findAt(PREAMBLES, block)?.code ?? '') + block.code;
    problems = await findTypeProblems(modules.map((block) => ({ ...block, code: toCode(block) })));
  });

  it.each(named(modules))('%s', (_name, block) => {
    const { document, line } = block;
    const found = problems[modules.indexOf(block)]?.map(([at, message]) => `${document}:${line + at - 1} ${message}`);
    expect(found, 'what needs a package that is not installed here is for OUTSIDE').toEqual([]);
  });
});

for (const block of modules.filter(isTestFile)) {
  describe(`${nameOf(block)} passes`, () => {
    paste(block.code);
  });
}

describe('JSON', () => {
  /** `…` may stand in a string, or in place of a value. */
  const parseJson = (code: string) =>
    JSON.parse(code.replace(/"(?:\\.|[^"\\])*"|(?<=[:[,]\s*)…/g, (part) => (part === '…' ? '"…"' : part)));

  it.each(named(ofKind('json')))('%s', (_name, { code }) => {
    expect(() => parseJson(code)).not.toThrow();
  });
});

describe('YAML', () => {
  /** Members of files of others, of which it is enough that they can be read. */
  const OTHERS = [['steps'], ['jobs'], ['services'], ['apiVersion', 'kind']];
  const SEED = { version: 'version: 1', organizations: 'organizations: [{ organization_id: org_a }]' };
  const SEED_MEMBERS = [...Object.keys(SEED), ...Object.keys(SETTINGS_SHAPE)];

  it.each(named(ofKind('yaml')))('%s', async (_name, { code }) => {
    const documents = parseAllDocuments(code);
    if (!Array.isArray(documents)) throw new Error('there is nothing in it');
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    for (const document of documents) {
      const members = Object.keys(Object(document.toJS()));
      if (OTHERS.some((names) => names.every((name) => members.includes(name)))) continue;
      expect(SEED_MEMBERS, 'a seed, or a part of one').toEqual(expect.arrayContaining(members));
      const missing = Object.entries(SEED).filter(([name]) => !members.includes(name));
      const whole = [...missing.map(([, line]) => line), code].join('\n');
      const { state } = await readSeedFile('seed.yaml', Buffer.from(whole), undefined);
      expect(state.organizations).not.toEqual([]);
    }
  });
});

describe('a transcript prints what it shows:', () => {
  const isMissing = (tool: string) => process.platform === 'win32' || spawnSync(tool, ['--version']).status !== 0;
  const MISSING = ['bash', 'curl', 'jq'].filter(isMissing);

  for (const block of ofKind('console')) {
    const missing = MISSING.filter((tool) => tool === 'bash' || new RegExp(`\\b${tool}\\b`).test(block.code));
    const reason = missing.length > 0 ? ` (skipped: there is no ${missing.join(', no ')})` : '';
    it.skipIf(missing.length > 0)(`${nameOf(block)}${reason}`, async () => {
      const starts = Object.keys(UNRUN_COMMANDS);
      const steps = readTranscript(block.code).filter(
        ({ command }) => !starts.some((start) => command.startsWith(start)),
      );
      // "Start with `npm start -- --limits enforce`, then:"
      const told = [...block.before.matchAll(/`([^`]*)`/g)].map(([, command = '']) => findStart(command));
      const printed = await runTranscript(
        steps,
        told.find((flags) => flags?.length),
      );
      for (const [index, { command, output }] of steps.entries()) {
        const found = printed[index];
        // What a document leaves out must at least work.
        if (output === '') expect({ command, ...found }).toMatchObject({ code: 0 });
        else if (!isAsShown(output, found?.output ?? '')) expect({ command, ...found }).toMatchObject({ output });
      }
    });
  }

  it.each<[string, string, boolean]>([
    ['200 200 429', '200 200 429\n', true],
    ['200 200 429', '200 200 200\n', false],
    ['{"a":…,"b":"sk_…"}', '{"a":[1,\n2],"b":"sk_x"}', true],
    ['{"a":…,"b":"sk_…"}', '{"a":1,"b":"pk_x"}', false],
    ['{"a":1,\n"b":2}', '{"a":1,"b":2}', true],
    ['{"at":"2026-11-29T02:50:05Z"}', '{"at":"2027-01-01T00:00:00Z"}', true],
    ['{"at":"2026-11-29T02:50:05Z"}', '{"at":null}', false],
    ['{"id":"org_27e3…"}', '{"id":"org_811a"}', true],
    ['{"id":"org_27e3…"}', '{"id":"sbx_811a"}', false],
    ['GET / 200 1.2 ms', 'GET / 200 12 ms', true],
    ['a.c', 'abc', false],
    ['a', 'a b', false],
  ])('%j shows %j: %j', (shown, printed, isRight) => {
    expect(isAsShown(shown, printed)).toBe(isRight);
  });

  it('commands go on behind a backslash and within quotes', () => {
    const code = "$ a \\\n  b 'c # d\ne' # it's\n1\n\n$ f \"g'\" \\' # '\n2\n3\n";
    expect(readTranscript(code)).toEqual([
      { command: "a \\\n  b 'c # d\ne' # it's", output: '1' },
      { command: "f \"g'\" \\' # '", output: '2\n3' },
    ]);
  });
});

describe('Python', () => {
  const python = ofKind('python');
  const CHECK = `import json, sys
for name, code in json.load(sys.stdin):
    try: compile(code, name, "exec")
    except SyntaxError as error: print(name, error)`;

  it.each(named(python))('%s is run by a part of test:outside, or there is a reason', (_name, block) => {
    expect(findAt([...OUTSIDE, ...UNRUN], block)).toBeDefined();
  });

  const isMissing = spawnSync('python3', ['--version']).status !== 0;
  it.skipIf(isMissing)(`has no mistake in its syntax${isMissing ? ' (skipped: there is no python3)' : ''}`, () => {
    const input = JSON.stringify(python.map((block) => [nameOf(block), block.code]));
    const { status, stdout } = spawnSync('python3', ['-c', CHECK], { input, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });
});
