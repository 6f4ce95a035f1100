import type { Summary } from '../sandbox/summary.ts';

/** What is demanded of a request. */
export type Test = (summary: Summary) => boolean;

const isAnswered = ({ outcome }: Summary) => outcome === 'answered';

/** What has become of a request, as the chips count it and `is:` finds it. A request can be several of them. */
export const STATES = {
  ok: (summary) => isAnswered(summary) && Number(summary.status) < 400,
  changed: ({ changed }) => changed.length > 0,
  refused: (summary) => isAnswered(summary) && Number(summary.status) >= 400,
  /** By a bucket: a 429 of a fault rule says nothing of the limits. */
  limited: (summary) => isAnswered(summary) && summary.status === 429 && summary.fault === null,
  faulted: ({ fault }) => fault !== null,
  cut: ({ outcome }) => outcome === 'cut',
  open: ({ outcome }) => outcome === 'open',
} satisfies Record<string, Test>;

/** What stands before a colon, `status:`, and what may stand behind it. */
export interface Qualifier {
  /** Undefined for a value that it does not know. The value is in lower case. */
  toTest: (value: string) => Test | undefined;
  /** What a value may be, in words. */
  values: string;
  /** The values to offer: always the same ones, or what a request has. */
  offer: string[] | ((summary: Summary) => (string | null)[]);
}

const CATEGORIES = ['metadata', 'data', 'search', 'upload', 'compute'];
const STATE_TESTS = new Map<string, Test>(Object.entries(STATES));

const isSame = (text: string | null, value: string) => text?.toLowerCase() === value;
export const contains = (text: string | null, value: string): boolean => text?.toLowerCase().includes(value) === true;

export const QUALIFIERS = new Map<string, Qualifier>(
  Object.entries({
    status: {
      toTest: toStatusTest,
      values: '429 or 4xx',
      offer: ({ status }) => (status === null ? [] : [`${Math.floor(status / 100)}xx`, String(status)]),
    },
    method: {
      toTest: (value) => (summary) => isSame(summary.method, value),
      values: 'a method',
      offer: ({ method }) => [method],
    },
    path: {
      toTest: (value) => (summary) => contains(summary.path, value),
      values: 'a part of a path',
      offer: ({ path }) => [path],
    },
    org: {
      toTest: (value) => (summary) => isSame(summary.organization_id, value),
      values: 'the id of an organization',
      offer: ({ organization_id }) => [organization_id],
    },
    key: { toTest: toKeyTest, values: 'the beginning of a key', offer: ({ key_prefix }) => [key_prefix] },
    bucket: {
      toTest: (value) => (CATEGORIES.includes(value) ? ({ bucket }) => bucket?.category === value : undefined),
      values: CATEGORIES.join(', '),
      offer: CATEGORIES,
    },
    changed: {
      toTest:
        (value) =>
        ({ changed }) =>
          changed.some((member) => contains(member, value)),
      values: 'a member',
      offer: ({ changed }) => changed,
    },
    fault: {
      toTest: (value) => (summary) => isSame(summary.fault, value),
      values: 'the id of a fault rule',
      offer: ({ fault }) => [fault],
    },
    is: {
      toTest: (value) => STATE_TESTS.get(value),
      values: [...STATE_TESTS.keys()].join(', '),
      offer: [...STATE_TESTS.keys()],
    },
    ms: { toTest: toTimeTest, values: '>100 or <5', offer: ['>100', '>1000', '<5'] },
  } satisfies Record<string, Qualifier>),
);

function toStatusTest(value: string): Test | undefined {
  const [, digit, rest] = /^([1-5])(xx|[0-9]{2})$/.exec(value) ?? [];
  if (rest === undefined) return undefined;
  if (rest === 'xx') return ({ status }) => status !== null && Math.floor(status / 100) === Number(digit);
  return ({ status }) => status === Number(value);
}

/** An id, or the beginning of a key, with the `…` that is shown behind it or without. */
function toKeyTest(value: string): Test {
  const start = value.replace(/…$/, '');
  return ({ api_key_id, key_prefix }) =>
    isSame(api_key_id, start) || key_prefix?.toLowerCase().startsWith(start) === true;
}

const COMPARISONS = new Map<string | undefined, (ms: number, bound: number) => boolean>([
  ['>', (ms, bound) => ms > bound],
  ['>=', (ms, bound) => ms >= bound],
  ['<', (ms, bound) => ms < bound],
  ['<=', (ms, bound) => ms <= bound],
]);

function toTimeTest(value: string): Test | undefined {
  const [, sign, bound] = /^([<>]=?)([0-9]+(?:\.[0-9]+)?)$/.exec(value) ?? [];
  const compare = COMPARISONS.get(sign);
  return compare && (({ ms }) => ms !== null && compare(ms, Number(bound)));
}
