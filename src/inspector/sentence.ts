import type { Summary } from '../sandbox/summary.ts';
import { msToNext } from './gauge.ts';
import { showText, toCount, toDuration, toMilliseconds } from './text.ts';

export type Tone = 'ok' | 'changed' | 'refused' | 'limited' | 'faulted' | 'open' | 'cut';

export interface Sentence {
  text: string;
  tone: Tone;
}

/** What the entry of the journal has beside the summary, as `JSON.parse` gives it. */
export interface EntryFacts {
  answer?: string | null;
  changes?: { member: string; before: unknown; after: unknown }[] | null;
  fault?: { [member: string]: unknown } | null;
}

/** With what the detail of a request begins: what became of it, and why. Without the entry it is less exact. */
export function toSentence(summary: Summary, entry: EntryFacts = {}): Sentence {
  const { outcome, fault } = summary;
  const changed = toChanged(summary, entry);
  const rule = fault === null ? '' : ` A fault rule fired: ${toRuleName(fault, entry)}.`;
  const all = changed === undefined ? '' : ` It changed ${changed} all the same.`;
  if (outcome === 'open') return { text: `Not answered yet.${rule}`, tone: 'open' };
  if (outcome === 'cut') {
    return { text: `The connection was aborted before the answer was out.${rule}${all}`, tone: 'cut' };
  }
  if (fault === null) return toPlain(summary, entry, changed);
  if (isReplaced(summary, entry)) {
    return { text: `A fault rule answered in its place: ${toRuleName(fault, entry)}.${all}`, tone: 'faulted' };
  }
  return { text: `${toPlain(summary, entry, changed).text}${rule}`, tone: 'faulted' };
}

/** Its name, where it has one; of a rule that came with the request, how. */
function toRuleName(id: string, { fault }: EntryFacts): string {
  if (id === 'header') return 'that of its header X-Mixpeek-Mock-Fault';
  return showText(String(fault?.name ?? id));
}

/** Whether the rule made the answer, and not only delayed or damaged it. */
function isReplaced({ status }: Summary, { fault }: EntryFacts): boolean {
  return fault ? fault.status !== undefined : status !== null && status >= 400;
}

/** The sentence without a fault. */
function toPlain(summary: Summary, entry: EntryFacts, changed: string | undefined): Sentence {
  const { method, status } = summary;
  if (status === 429) return { text: toLimited(summary), tone: 'limited' };
  if (status !== null && status >= 400) return { text: toRefusal(summary, status, entry), tone: 'refused' };
  if (changed !== undefined) return { text: `Changed ${changed}.`, tone: 'changed' };
  return { text: method === 'PATCH' && status === 200 ? 'Changed nothing.' : toRead(summary), tone: 'ok' };
}

function toRead({ method, path, status }: Summary): string {
  const isOrganization = /^\/v1\/organizations\/?$/.test(path);
  return isOrganization && status === 200 && method === 'GET' ? 'Read the organization.' : `Answered ${status}.`;
}

/** How long a request that was limited had to wait: whole seconds, as Retry-After has it, in milliseconds. */
export const toWaitMs = (bucket: NonNullable<Summary['bucket']>, received_at: string): number =>
  1000 * Math.max(1, Math.ceil(msToNext(bucket, toMilliseconds(received_at)) / 1000));

function toLimited({ bucket, received_at }: Summary): string {
  if (bucket === null) return 'Refused: too many requests.';
  const { category, limit } = bucket;
  const wait = toDuration(toWaitMs(bucket, received_at));
  return `Refused: ${category} had nothing left of ${toCount(limit)} a minute. The next one passes after ${wait}.`;
}

function toRefusal({ method, path, error }: Summary, status: number, { answer }: EntryFacts): string {
  const sent = readAnswer(answer);
  if (status === 403) {
    const { required, granted } = toRecord(toRecord(sent.error).details);
    if (typeof required === 'string' && Array.isArray(granted)) {
      return `Refused: it needs the permission ${required}, the key has ${toList(granted.map(String)) || 'none'}.`;
    }
  }
  if (status === 404 && (error === null || error === 'Not Found'))
    return `Refused: there is nothing at ${showText(path)}.`;
  if (status === 405) return `Refused: ${showText(path)} does not take ${showText(method)}.`;
  if (status === 422) return `Refused: ${toWrong(sent.detail)}.`;
  if (status === 501) return 'The mock does not serve this path.';
  const message = error === null ? `status ${status}` : showText(error).replace(/[.!]+$/, '');
  return status === 500 ? `The mock failed: ${message}.` : `Refused: ${message}.`;
}

/** What is wrong with a body, by the errors of a 422. */
function toWrong(detail: unknown): string {
  if (!Array.isArray(detail)) return 'the body is wrong';
  const errors = detail.map(toRecord);
  if (errors.some(({ type }) => type === 'json_invalid')) return 'the body is not JSON';
  const members = new Set<unknown>();
  for (const { loc } of errors) if (Array.isArray(loc) && loc.length > 1) members.add(loc[1]);
  if (members.size === 0) return 'the body is wrong';
  return members.size === 1 ? '1 member is wrong' : `${members.size} members are wrong`;
}

/** Only the first 64 KiB are kept, and a fault may send anything: what is not a JSON object says nothing. */
function readAnswer(answer: string | null | undefined): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(answer ?? ''));
  } catch {
    return {};
  }
}

const toRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** What it changed, in words; undefined for nothing. */
function toChanged({ changed }: Summary, { changes }: EntryFacts): string | undefined {
  const words = changed.flatMap((member) => {
    const change = member === 'rate_limits' ? changes?.find((one) => one.member === member) : undefined;
    const limits = change === undefined ? [] : listDifferent(toRecord(change.before), toRecord(change.after));
    return limits.length > 0 ? limits.map((category) => `${category} limit`) : [toWords(member)];
  });
  return words.length === 0 ? undefined : toList(words);
}

const listDifferent = (before: Record<string, unknown>, after: Record<string, unknown>) =>
  Object.keys(after).filter((name) => before[name] !== after[name]);

const toWords = (member: string) =>
  member.replaceAll('_', ' ').replace(/\b(?:url|llm|nsfw)\b/g, (word) => word.toUpperCase());

/** `a, b and c` */
const toList = (words: string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
