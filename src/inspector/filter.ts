import type { Summary } from '../sandbox/summary.ts';
import { contains, QUALIFIERS, type Qualifier, STATES, type Test } from './qualifiers.ts';

export interface Filter {
  /** All of them must hold. */
  tests: Test[];
  /** What is not understood, in words; it is left out. */
  problems: string[];
}

// A blank or a comma within quotes separates nothing.
const TERM = /(?:"[^"]*"?|[^\s"])+/g;
const VALUE = /(?:"[^"]*"?|[^,"])+/g;

/**
 * Terms with blanks between them, which must all hold: words, which are anywhere in method, path, status or ids, and
 * `name:value`. A comma is an or, a minus in front a not; quotes keep together.
 */
export function parseFilter(text: string): Filter {
  const filter: Filter = { tests: [], problems: [] };
  for (const [term] of text.matchAll(TERM)) {
    const isNot = term.startsWith('-');
    const demand = isNot ? term.slice(1) : term;
    const { name, qualifier } = findQualifier(demand);
    if (name !== undefined && qualifier === undefined) {
      filter.problems.push(`Unknown filter ${name}: – in quotes it is a word, known are ${listNames().join(' ')}`);
      continue;
    }
    const tests: Test[] = [];
    for (const value of listValues(name === undefined ? demand : demand.slice(name.length + 1))) {
      const test = qualifier === undefined ? toWordTest(value) : qualifier.toTest(value);
      if (test !== undefined) tests.push(test);
      else filter.problems.push(`${name}: takes ${qualifier?.values}, not ${value}`);
    }
    // Who is about to write a value does not want the list to be empty until then.
    if (tests.length > 0) filter.tests.push((summary) => tests.some((test) => test(summary)) !== isNot);
  }
  return filter;
}

export const matches = (filter: Filter, summary: Summary): boolean => filter.tests.every((test) => test(summary));

function findQualifier(demand: string): { name?: string | undefined; qualifier?: Qualifier | undefined } {
  const [, name] = /^([a-z]+):/i.exec(demand) ?? [];
  return { name, qualifier: name === undefined ? undefined : QUALIFIERS.get(name.toLowerCase()) };
}

const listNames = () => [...QUALIFIERS.keys()].map((name) => `${name}:`);

const unquote = (text: string) => text.replaceAll('"', '').toLowerCase();
const listValues = (text: string) => (text.match(VALUE) ?? []).map(unquote).filter((value) => value !== '');

function toWordTest(word: string): Test {
  return ({ method, path, status, request_id, api_key_id, key_prefix, organization_id, fault }) =>
    contains(method, word) ||
    contains(path, word) ||
    contains(status === null ? null : String(status), word) ||
    [request_id, api_key_id, key_prefix, organization_id, fault].some((id) => contains(id, word));
}

export interface Completion {
  /** What an option replaces: the text from here to there. */
  from: number;
  to: number;
  options: string[];
}

const MAX_OPTIONS = 12;

/** What can be written at the cursor: names of filters; behind one of them values, those that most requests have first. */
export function complete(text: string, cursor: number, seen: readonly Summary[]): Completion {
  const term = findPiece(text, TERM, cursor);
  const from = text[term.from] === '-' && cursor > term.from ? term.from + 1 : term.from;
  const { name, qualifier } = findQualifier(text.slice(from, term.to));
  const valuesFrom = from + (name ?? '').length + 1;
  if (name === undefined || cursor < valuesFrom) {
    const to = name === undefined ? term.to : valuesFrom;
    return offer({ from, to }, text, cursor, listNames(), (option, typed) => option.startsWith(typed));
  }
  const inside = findPiece(text.slice(valuesFrom, term.to), VALUE, cursor - valuesFrom);
  const piece = { from: valuesFrom + inside.from, to: valuesFrom + inside.to };
  return offer(piece, text, cursor, qualifier === undefined ? [] : listOffers(qualifier, seen), contains);
}

/** The piece that the cursor touches; an empty one where there is none. */
function findPiece(text: string, expression: RegExp, cursor: number): { from: number; to: number } {
  for (const { 0: piece, index: from } of text.matchAll(expression)) {
    const to = from + piece.length;
    if (from <= cursor && cursor <= to) return { from, to };
  }
  return { from: cursor, to: cursor };
}

function offer(
  { from, to }: { from: number; to: number },
  text: string,
  cursor: number,
  all: string[],
  isOffered: (option: string, typed: string) => boolean,
): Completion {
  const typed = unquote(text.slice(from, cursor));
  const options = all.filter((option) => isOffered(option, typed));
  const isWritten = options.length === 1 && options[0]?.toLowerCase() === unquote(text.slice(from, to));
  return { from, to, options: isWritten ? [] : options.slice(0, MAX_OPTIONS).map(quote) };
}

const quote = (value: string) => (/[\s,]/.test(value) ? `"${value}"` : value);

function listOffers({ offer }: Qualifier, seen: readonly Summary[]): string[] {
  if (typeof offer !== 'function') return offer;
  const counts = new Map<string, number>();
  for (const summary of seen) {
    for (const value of offer(summary)) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
}

export type ChipCounts = Record<keyof typeof STATES | 'all', number>;

/** How many requests there are, and of how many `is:NAME` is true. */
export function countChips(summaries: readonly Summary[]): ChipCounts {
  const count = (test: Test) => summaries.reduce((sum, summary) => sum + (test(summary) ? 1 : 0), 0);
  const { ok, changed, refused, limited, faulted, cut, open } = STATES;
  return {
    all: summaries.length,
    ok: count(ok),
    changed: count(changed),
    refused: count(refused),
    limited: count(limited),
    faulted: count(faulted),
    cut: count(cut),
    open: count(open),
  };
}

const listTerms = (text: string) => text.match(TERM) ?? [];
const isTerm = (term: string) => (other: string) => other.toLowerCase() === term.toLowerCase();

export const hasTerm = (text: string, term: string): boolean => listTerms(text).some(isTerm(term));

/** The filter with a term more, such as `is:refused`, and without its opposite. */
export const withTerm = (text: string, term: string): string =>
  hasTerm(text, term) ? text : [...listTerms(withoutTerm(text, toOpposite(term))), term].join(' ');

export const withoutTerm = (text: string, term: string): string =>
  hasTerm(text, term)
    ? listTerms(text)
        .filter((other) => !isTerm(term)(other))
        .join(' ')
    : text;

const toOpposite = (term: string) => (term.startsWith('-') ? term.slice(1) : `-${term}`);

// The rule of src/domain/redact.ts, which the page cannot import.
const KEYS = /(?<![A-Za-z0-9])(?:mxp_|ret_)?sk_[A-Za-z0-9_-]+/g;
const KEY_START = /^(?:sk_live_|sk_test_|mxp_sk_|ret_sk_|sk_)/;
const MAX_KEY_LENGTH = 128;
const MAX_SHOWN_LENGTH = 10;

/**
 * The text with each key cut to what may be shown of it: its first 10 characters, but never more than half of its secret part.
 * What has 10 characters stays: it is what was cut before, or is only being typed.
 */
export const cutKeys = (text: string): string =>
  text.replace(KEYS, (key) => {
    if (key.length <= MAX_SHOWN_LENGTH) return key;
    if (key.length > MAX_KEY_LENGTH) return 'sk_';
    const start = KEY_START.exec(key)?.[0].length ?? 0;
    return key.slice(0, Math.min(MAX_SHOWN_LENGTH, start + Math.floor((key.length - start) / 2)));
  });
