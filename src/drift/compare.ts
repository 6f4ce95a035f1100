import { compareKeywords, compareSchemas, type Pair, type Place, toRequired } from './compare-schemas.ts';
import type { Difference, Part } from './difference.ts';
import {
  isNode,
  keywordsOf,
  memberOf,
  membersOf,
  type Node,
  OpenApiDocument,
  ORGANIZATIONS,
  SERVED,
} from './document.ts';
import { BEARER, readSecurity } from './security.ts';
import { describePlace, joinWords } from './words.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'];
const JSON_TYPE = 'application/json';

/** The differences of the operations that this mock serves, one for each place. */
export function compareOperations(then: Node, now: Node): Difference[] {
  const pair: Pair = { former: new OpenApiDocument(then), present: new OpenApiDocument(now) };
  const before = readPath(pair.former);
  const after = readPath(pair.present);
  return METHODS.flatMap((method): Difference[] => {
    const [one, other] = [before(method), after(method)];
    const place = toPlace(method);
    if (one === undefined || other === undefined) {
      return one === other ? [] : [toWhole(place, 'operation', other !== undefined)];
    }
    return SERVED.includes(method) ? compareOperation(pair, one, other, place) : [];
  });
}

/** The operations of the path, by their methods, with the parameters that all of them have. */
function readPath(document: OpenApiDocument) {
  const { node } = document.resolve(memberOf(document.root.paths, ORGANIZATIONS));
  return (method: string): Node | undefined => {
    const operation = memberOf(node, method);
    return isNode(operation)
      ? { ...operation, parameters: toList(node.parameters).concat(toList(operation.parameters)) }
      : undefined;
  };
}
const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function compareOperation(pair: Pair, then: Node, now: Node, place: Place): Difference[] {
  return [
    ...compareKeywords(pick(then, 'operationId', 'deprecated'), pick(now, 'operationId', 'deprecated'), place),
    ...compareSecurity(readSecurity(pair.former, then), readSecurity(pair.present, now), place),
    ...compareParameters(pair, then, now, place),
    ...compareBodies(pair, then, now, place),
    ...compareNamed(readNamed(pair.former, then.responses), readNamed(pair.present, now.responses), {
      removed: ({ name }) => toWhole(withPart(place, 'response'), 'status', false, { name }),
      added: ({ name }) => toWhole(withPart(place, 'response'), 'status', true, { name }),
      kept: (one, other) => compareResponses(pair, one.node, other.node, withPart(place, 'response', one.name)),
    }),
  ];
}

function compareSecurity(before: string, now: string, place: Place): Difference[] {
  if (before === now) return [];
  const effect = now === BEARER ? 'bearer token' : 'other';
  return [{ ...withoutWay(place), kind: 'changed', subject: 'security', before, now, effect }];
}

function compareParameters(pair: Pair, then: Node, now: Node, place: Place): Difference[] {
  const bare = withPart(place, 'parameter');
  return compareNamed(readParameters(pair.former, then), readParameters(pair.present, now), {
    removed: ({ name, subject }) => toWhole(bare, subject, false, { name }),
    added: ({ name, subject, node }) => toWhole(bare, subject, true, { name, now: describe(pair.present, node) }),
    kept: (one, other) =>
      compareValues(pair, one.node, other.node, withPart(place, 'parameter', `${one.subject} ${one.name}`)),
  });
}

/** Of a parameter or a header. */
function compareValues(pair: Pair, then: Node, now: Node, place: Place): Difference[] {
  return [
    ...compareRequired(then, now, place),
    ...compareKeywords(toKeywords(then), toKeywords(now), place),
    ...compareSchemas(pair, toSchema(then), toSchema(now), place),
  ];
}

function compareBodies(pair: Pair, then: Node, now: Node, place: Place): Difference[] {
  const [one, other] = [then.requestBody, now.requestBody];
  if (one === undefined || other === undefined) {
    return one === other ? [] : [toWhole(withPart(place, 'request'), 'request body', other !== undefined)];
  }
  const [before, after] = [pair.former.resolve(one).node, pair.present.resolve(other).node];
  const body = withPart(place, 'request', 'request body');
  return [...compareRequired(before, after, body), ...compareContents(pair, before, after, body)];
}

function compareResponses(pair: Pair, then: Node, now: Node, place: Place): Difference[] {
  const subject = 'header';
  return [
    ...compareNamed(readNamed(pair.former, then.headers), readNamed(pair.present, now.headers), {
      removed: ({ name }) => toWhole(place, subject, false, { name }),
      added: ({ name, node }) => toWhole(place, subject, true, { name, now: describe(pair.present, node) }),
      kept: (one, other) => compareValues(pair, one.node, other.node, { ...place, member: `header ${one.name}` }),
    }),
    ...compareContents(pair, then, now, place),
  ];
}

/** What a body or an answer is in each media type. */
function compareContents(pair: Pair, then: Node, now: Node, place: Place): Difference[] {
  const toDifference = (name: string, isNew: boolean) =>
    toWhole(place, 'media type', isNew, { name, effect: isNew ? 'wider' : 'narrower' });
  return compareNamed(readNamed(pair.former, then.content), readNamed(pair.present, now.content), {
    removed: ({ name }) => toDifference(name, false),
    added: ({ name }) => toDifference(name, true),
    kept: ({ name, node }, other) => {
      const part = name === JSON_TYPE ? place.part : { ...place.part, name: `${place.part.name} (${name})` };
      return compareSchemas(pair, node.schema, other.node.schema, { ...place, part });
    },
  });
}

interface Named {
  name: string;
  node: Node;
}

/** What a map has by its names; letter case means nothing in those of headers, statuses and media types. */
const readNamed = (document: OpenApiDocument, map: unknown): Map<string, Named> =>
  new Map(membersOf(map).map(([name, value]) => [name.toLowerCase(), { name, node: document.resolve(value).node }]));

function readParameters(document: OpenApiDocument, operation: Node): Map<string, Named & { subject: string }> {
  const read = toList(operation.parameters).map((value): [string, Named & { subject: string }] => {
    const { node } = document.resolve(value);
    const name = String(node.name);
    const subject = `${node.in} parameter`;
    return [`${subject} ${node.in === 'header' ? name.toLowerCase() : name}`, { name, subject, node }];
  });
  return new Map(read);
}

/** Both maps, the first one in its order. */
function compareNamed<T>(
  then: Map<string, T>,
  now: Map<string, T>,
  on: { removed(one: T): Difference; added(other: T): Difference; kept(one: T, other: T): Difference[] },
): Difference[] {
  const kept = [...then].flatMap(([key, one]) => {
    const other = now.get(key);
    return other === undefined ? [on.removed(one)] : on.kept(one, other);
  });
  return [...kept, ...[...now].flatMap(([key, other]) => (then.has(key) ? [] : [on.added(other)]))];
}

function compareRequired(then: Node, now: Node, place: Place): Difference[] {
  const isRequired = now.required === true;
  return isRequired === (then.required === true) ? [] : [toRequired(place, isRequired, 'other')];
}

const describe = (document: OpenApiDocument, node: Node) =>
  describePlace(document, toSchema(node), node.required === true);

/** A parameter may have its schema under a media type. */
function toSchema({ schema, content }: Node): unknown {
  const [, media] = membersOf(content)[0] ?? [];
  return schema ?? memberOf(media, 'schema');
}

function toKeywords(node: Node): Map<string, unknown> {
  const { name: _name, in: _in, required: _required, schema: _schema, content, ...rest } = keywordsOf(node);
  const types = membersOf(content).map(([type]) => type);
  const said = Object.entries(rest);
  return new Map([...said, ...(types.length > 0 ? [['media type', joinWords(types, 'and')] as const] : [])]);
}

const pick = (node: Node, ...names: string[]): Map<string, unknown> =>
  new Map(names.filter((name) => node[name] !== undefined).map((name) => [name, node[name]]));

const toPlace = (method: string): Place => ({
  path: ORGANIZATIONS,
  method,
  part: { name: null, side: 'operation' },
  member: '',
  home: undefined,
  within: [],
});

const withPart = (place: Place, side: Part['side'], name: string | null = null): Place => ({
  ...place,
  part: { name, side },
});
const withoutWay = ({ within: _, ...place }: Place) => place;

/** Something that is there as a whole, or not. */
function toWhole(place: Place, subject: string, isNew: boolean, more: Partial<Difference> = {}): Difference {
  const kind = isNew ? 'added' : 'removed';
  return { ...withoutWay(place), kind, subject, effect: kind, ...more };
}
