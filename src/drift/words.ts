import type { OpenApiDocument } from './document.ts';
import { readSchema, type Schema, type Variant } from './schema.ts';

/** The most characters of a value that a line shows. */
const MAX_SHOWN = 80;

/** A value as JSON, shortened. */
export const show = (value: unknown): string => shorten(JSON.stringify(value) ?? 'nothing');

export const shorten = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

/** Values in a list: `"a", "b" or "c"`. */
export const showAll = (values: readonly unknown[]): string => shorten(joinWords(values.map(show), 'or'));

/** `a`, `a and b`, `a, b and c`. */
export const joinWords = (words: readonly string[], last: 'and' | 'or'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;

/** `string or null` */
export const toTypes = (schema: Schema): string => joinTypes(schema, ({ type }) => type ?? 'any');

/** What a place holds: `array of string, optional, default []`. */
export function describePlace(document: OpenApiDocument, value: unknown, isRequired: boolean): string {
  const schema = readSchema(document, value);
  const described = joinTypes(schema, (variant) => describeVariant(document, variant));
  const fallback = schema.outer.has('default') ? [`default ${show(schema.outer.get('default'))}`] : [];
  return [described, isRequired ? 'required' : 'optional', ...fallback].join(', ');
}

function describeVariant(document: OpenApiDocument, { type, items, values, keywords }: Variant): string {
  if (type === 'array') {
    const inner = toTypes(readSchema(document, items));
    return inner === 'any' ? 'array' : `array of ${inner}`;
  }
  const format = keywords.get('format');
  const detail = values === undefined ? format : showAll(values);
  return typeof detail === 'string' ? `${type ?? 'any'} (${shorten(detail)})` : (type ?? 'any');
}

const joinTypes = ({ variants, isNullable }: Schema, describe: (variant: Variant) => string): string =>
  shorten([...variants.map(describe), ...(isNullable ? ['null'] : [])].join(' or '));
