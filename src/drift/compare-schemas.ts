import type { Difference, Effect } from './difference.ts';
import { type OpenApiDocument, toSortedJson } from './document.ts';
import { readSchema, type Schema, type Variant } from './schema.ts';
import { describePlace, show, showAll, toTypes } from './words.ts';

/** The same place in two documents. */
export interface Pair {
  former: OpenApiDocument;
  present: OpenApiDocument;
}

/** Where a schema is. */
export type Place = Pick<Difference, 'path' | 'method' | 'part' | 'member' | 'home'> & {
  /** The components that contain it, of both documents: a component may contain itself. */
  within: readonly string[];
};

/** The differences of two schemas, as they are in their documents. */
export function compareSchemas(pair: Pair, before: unknown, after: unknown, place: Place): Difference[] {
  if (before === undefined && after === undefined) return [];
  const [then, now] = [readSchema(pair.former, before), readSchema(pair.present, after)];
  const { matched, isLess, isMore } = matchVariants(pair, then, now, place);
  const typesChange: Difference[] =
    isLess || isMore
      ? [
          {
            ...toBase(place),
            kind: 'changed',
            subject: 'type',
            before: toTypes(then),
            now: toTypes(now),
            effect: isLess && isMore ? 'other' : isLess ? 'narrower' : 'wider',
          },
        ]
      : [];
  return [
    ...typesChange,
    ...compareKeywords(then.outer, now.outer, place),
    ...matched.flatMap(([one, other]) => compareVariants(pair, one, other, place)),
  ];
}

const toBase = ({ within: _, ...place }: Place) => place;

/** Alternatives have no order: the same ones belong together, then those of one type. */
function matchVariants(pair: Pair, then: Schema, now: Schema, place: Place) {
  const left = new Set(then.variants);
  const right = new Set(now.variants);
  const matched: [Variant, Variant][] = [];
  const match = (isMatch: (one: Variant, other: Variant) => boolean) => {
    for (const one of left) {
      const other = [...right].find((candidate) => isMatch(one, candidate));
      if (other === undefined) continue;
      left.delete(one);
      right.delete(other);
      matched.push([one, other]);
    }
  };
  const isSameType = (one: Variant, other: Variant) => one.type === other.type;
  if (left.size > 1 || right.size > 1) {
    match((one, other) => isSameType(one, other) && compareVariants(pair, one, other, place).length === 0);
  }
  match(isSameType);
  return {
    matched,
    isLess: isNarrower(left, right) || (then.isNullable && !now.isNullable),
    isMore: isNarrower(right, left) || (now.isNullable && !then.isNullable),
  };
}

/** Whether alternatives are missing on the other side: where anything is allowed, none is. */
const isNarrower = (left: Set<Variant>, right: Set<Variant>) =>
  left.size > 0 && ![...right].some(({ type }) => type === undefined);

function compareVariants(pair: Pair, then: Variant, now: Variant, outside: Place): Difference[] {
  const { component } = then;
  const names = `${component} ${now.component}`;
  if (component !== undefined && outside.within.includes(names)) return [];
  const place = component === undefined ? outside : { ...outside, home: { component, member: '' } };
  const inside = { ...place, within: component === undefined ? outside.within : [...outside.within, names] };
  return [
    ...compareValues(then.values, now.values, place),
    ...compareKeywords(then.keywords, now.keywords, place),
    ...compareMembers(pair, then, now, inside),
    ...compareSchemas(pair, then.items, now.items, enter(inside, '[]')),
    ...compareOthers(pair, then.others, now.others, inside),
  ];
}

/** A place one step further in. */
function enter(place: Place, step: string): Place {
  const add = (member: string) => (member === '' || step === '[]' ? member + step : `${member}.${step}`);
  const home = place.home && { ...place.home, member: add(place.home.member) };
  return { ...place, member: add(place.member), home };
}

function compareMembers(pair: Pair, then: Variant, now: Variant, place: Place): Difference[] {
  const base = { ...toBase(place), subject: 'member' };
  const kept = [...then.properties].flatMap(([name, before]): Difference[] => {
    const wasRequired = then.required.has(name);
    if (!now.properties.has(name)) {
      const words = describePlace(pair.former, before, wasRequired);
      return [{ ...base, kind: 'removed', name, before: words, effect: 'removed member' }];
    }
    const member = enter(place, name);
    const isRequired = now.required.has(name);
    return [
      ...(wasRequired === isRequired ? [] : [toRequired(member, isRequired, `${toWord(isRequired)} member`)]),
      ...compareSchemas(pair, before, now.properties.get(name), member),
    ];
  });
  const added = [...now.properties].flatMap(([name, after]): Difference[] => {
    if (then.properties.has(name)) return [];
    const words = describePlace(pair.present, after, now.required.has(name));
    return [{ ...base, kind: 'added', name, now: words, effect: 'added member' }];
  });
  return [...kept, ...added];
}

const toWord = (isRequired: boolean) => (isRequired ? 'required' : 'optional');

export const toRequired = (place: Place, isRequired: boolean, effect: Effect): Difference => ({
  ...toBase(place),
  kind: 'changed',
  subject: '',
  before: toWord(!isRequired),
  now: toWord(isRequired),
  effect,
});

function compareOthers(pair: Pair, before: unknown, after: unknown, place: Place): Difference[] {
  if (before !== false && after !== false) return compareSchemas(pair, before, after, enter(place, '*'));
  if (before === after) return [];
  const [words, effect] = after === false ? (['refused', 'narrower'] as const) : (['allowed', 'wider'] as const);
  const former = after === false ? 'allowed' : 'refused';
  return [{ ...toBase(place), kind: 'changed', subject: 'other members', before: former, now: words, effect }];
}

function compareValues(then: unknown[] | undefined, now: unknown[] | undefined, place: Place): Difference[] {
  const base = toBase(place);
  if (then === undefined || now === undefined) {
    if (then !== undefined)
      return [{ ...base, kind: 'removed', subject: 'values', before: showAll(then), effect: 'wider' }];
    if (now !== undefined)
      return [{ ...base, kind: 'added', subject: 'values', now: showAll(now), effect: 'narrower' }];
    return [];
  }
  const [known, present] = [then, now].map((values) => new Set(values.map(toSortedJson))) as [Set<string>, Set<string>];
  return [
    ...then
      .filter((value) => !present.has(toSortedJson(value)))
      .map(
        (value): Difference => ({
          ...base,
          kind: 'removed',
          subject: 'value',
          before: show(value),
          effect: 'narrower',
        }),
      ),
    ...now
      .filter((value) => !known.has(toSortedJson(value)))
      .map((value): Difference => ({ ...base, kind: 'added', subject: 'value', now: show(value), effect: 'wider' })),
  ];
}

/** The differences of what is said by single words with a value: bounds, defaults, formats. */
export function compareKeywords(then: Map<string, unknown>, now: Map<string, unknown>, place: Place): Difference[] {
  return [...new Set([...then.keys(), ...now.keys()])].flatMap((subject): Difference[] => {
    const [before, after] = [then, now].map((keywords) => toValue(subject, keywords.get(subject)));
    if (toSortedJson(before) === toSortedJson(after)) return [];
    const change = { ...toBase(place), subject, effect: toEffect(subject, before, after) };
    if (before === undefined) return [{ ...change, kind: 'added', now: show(after) }];
    if (after === undefined) return [{ ...change, kind: 'removed', before: show(before) }];
    return [{ ...change, kind: 'changed', before: show(before), now: show(after) }];
  });
}

/** What is not said of these is false. */
const FALSE_UNSAID = new Set(['deprecated', 'readOnly', 'writeOnly', 'uniqueItems', 'allowEmptyValue']);
const toValue = (keyword: string, value: unknown) => (FALSE_UNSAID.has(keyword) ? (value ?? false) : value);

const INVISIBLE = new Set(['deprecated', 'operationId']);
const LOWER = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']);
const UPPER = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']);

function toEffect(keyword: string, before: unknown, after: unknown): Effect {
  if (INVISIBLE.has(keyword)) return 'invisible';
  if (keyword === 'default') return 'default';
  if (after === undefined) return 'wider';
  if (UPPER.has(keyword) && Number(after) > Number(before)) return 'wider';
  return LOWER.has(keyword) && Number(after) < Number(before) ? 'wider' : 'narrower';
}
