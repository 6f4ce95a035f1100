import { compareOperations } from './compare.ts';
import type { Difference } from './difference.ts';
import type { Node } from './document.ts';
import { toMeanings } from './meanings.ts';
import { joinWords } from './words.ts';

/** A change of the published document, with every place that it has there. */
export interface Change {
  places: { operation: string; part: string | null }[];
  /** The member of a body or an answer; null where the part as a whole is meant. */
  member: string | null;
  kind: Difference['kind'];
  subject: string;
  name?: string;
  before: string | null;
  now: string | null;
  text: string;
  /** What it means for this mock, and whether what the mock does is no longer as published. */
  meaning: string;
  is_mock_wrong: boolean;
}

/**
 * What changed in the operations of a path that this mock serves, from one published document to another. Each change is
 * one, however many places a component has.
 * @throws {DocumentError} where the newer document cannot be followed
 */
export function findChanges(then: Node, now: Node): Change[] {
  const groups = new Map<string, Difference[]>();
  for (const difference of compareOperations(then, now)) {
    const { home, part, member } = difference;
    const place = home ?? [part.side, part.side === 'parameter' && part.name, member];
    const key = JSON.stringify([place, toWhat(difference)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [difference]);
    else group.push(difference);
  }
  return [...groups.values()].map(toChange);
}

/** A change, and what it means for this mock. */
export const toLine = ({ text, meaning }: Change): string => `${text}; ${meaning}`;

function toChange(group: Difference[]): Change {
  const [first] = group as [Difference];
  const { kind, subject, name, before = null, now = null, home } = first;
  const isSameMember = group.every(({ member }) => member === first.member);
  const member =
    isSameMember || home === undefined ? first.member : [home.component, home.member].filter(Boolean).join('.');
  const meanings = toMeanings(group);
  return {
    places: group.map(({ method, path, part }) => ({ operation: toOperation(method, path), part: part.name })),
    member: member === '' ? null : member,
    kind,
    subject,
    ...(name !== undefined && { name }),
    before,
    now,
    text: [toPlaces(group), member, toWhat(first)].filter(Boolean).join(': '),
    meaning: meanings.map(({ text }) => text).join(', '),
    is_mock_wrong: meanings.some(({ isWrong }) => isWrong),
  };
}

const toOperation = (method: string, path: string) => `${method.toUpperCase()} ${path}`;

/** What differs, in words. */
function toWhat({ kind, subject, name, before, now }: Difference): string {
  const words = [subject, name].filter(Boolean).join(' ');
  if (kind === 'changed') return `${words && `${words} `}${now} instead of ${before}`;
  if (kind === 'removed') return `${[words, name === undefined && before].filter(Boolean).join(' ')} is gone`;
  if (now === undefined) return `new ${words}`;
  return name === undefined ? `new ${words} ${now}` : `new ${words} (${now})`;
}

/** `GET and PATCH /v1/organizations: 200`; operations whose parts differ apart. */
function toPlaces(group: Difference[]): string {
  const methods = new Map<string, Set<string>>();
  for (const { method, part } of group) {
    const parts = methods.get(method) ?? new Set();
    methods.set(method, part.name === null ? parts : parts.add(part.name));
  }
  const byParts = new Map<string, string[]>();
  for (const [method, parts] of methods) {
    // A status is a number, and before the body.
    const words = joinWords([...parts].sort(), 'and');
    byParts.set(words, [...(byParts.get(words) ?? []), method.toUpperCase()]);
  }
  const { path } = group[0] as Difference;
  return [...byParts]
    .map(([parts, names]) => [`${joinWords(names, 'and')} ${path}`, parts].filter(Boolean).join(': '))
    .join(', ');
}
