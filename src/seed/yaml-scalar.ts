import { isAlias, isNode, isScalar, type Scalar } from 'yaml';
import { SeedSyntaxError } from './source.ts';

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Text in YAML 1.2, booleans in YAML 1.1, which many programs still use. */
const OLD_BOOLEAN = /^(?:y|n|yes|no|on|off)$/i;
/** Text in YAML 1.2, numbers in YAML 1.1. Without times like 12:30, which nobody means as a number. */
const OLD_NUMBER = /^[-+]?(?:0b[01_]+|0x[\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[-+]?\d+)?)$/i;
/** A comment without a space after its #, which was probably meant as text: `Acme #1`. */
const TEXT_AS_COMMENT = /[ \t]+#[^\s#!]/y;
const TAG = 'tag:yaml.org,2002:';
const KNOWN_TAGS = ['!', ...['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => TAG + name)];

export const offsetOf = (node: unknown): number => (isNode(node) && node.range?.[0]) || 0;

/** @throws {SeedSyntaxError} for a tag that JSON has no type for */
export function checkTag(node: unknown): void {
  const tag = isNode(node) ? node.tag : undefined;
  if (tag === undefined || KNOWN_TAGS.includes(tag)) return;
  const shown = tag.startsWith(TAG) ? `!!${tag.slice(TAG.length)}` : tag;
  throw new SeedSyntaxError(offsetOf(node), `the tag ${shown} means nothing in JSON: remove it`);
}

/**
 * The value of a scalar whose type the schema knows.
 * @throws {SeedSyntaxError} for an ambiguous one
 */
export function readScalar(node: Scalar, text: string): unknown {
  checkTag(node);
  const { value, source = '' } = node;
  if (typeof value === 'string') checkComment(node, text);
  if (typeof value !== 'number' && typeof value !== 'bigint') return value;
  if (!JSON_NUMBER.test(source)) throw new SeedSyntaxError(offsetOf(node), toNumberAdvice(source, value));
  return Number(value);
}

/**
 * The scalar as JSON text, with the digits of a number as written.
 * @throws {SeedSyntaxError} for an ambiguous one
 */
export function scalarToJson(node: Scalar, text: string): string {
  const value = readScalar(node, text);
  const { source = '', type } = node;
  if (typeof value === 'number') return source;
  if (typeof value === 'string' && type === 'PLAIN' && node.tag === undefined) {
    const shown = shorten(value);
    const refuse = (meant: string, right: string): never => {
      const advice = `write ${right}, or "${shown}" in quotes`;
      throw new SeedSyntaxError(offsetOf(node), `${shown} is text in YAML 1.2 and ${meant} in YAML 1.1: ${advice}`);
    };
    const truth = String(/^(?:y|yes|on)$/i.test(value));
    if (OLD_BOOLEAN.test(value)) refuse(truth, truth);
    if (OLD_NUMBER.test(value)) refuse('a number', 'the number as JSON does');
  }
  return typeof value === 'string' ? stringToJson(node, value, text) : JSON.stringify(value);
}

/** A text as JSON: as it is written, escapes included, where that is JSON already. */
export function stringToJson(node: unknown, value: string, text: string): string {
  const json = JSON.stringify(value);
  if (!isScalar(node) || node.type !== 'QUOTE_DOUBLE') return json;
  const written = text.slice(node.range?.[0], node.range?.[1]);
  return written.includes('\\') && parsesTo(written, value) ? written : json;
}

function parsesTo(json: string, value: string): boolean {
  try {
    return JSON.parse(json) === value;
  } catch {
    return false;
  }
}

/**
 * The name of a member as written, so that `1`, `no` and `null` are names.
 * @throws {SeedSyntaxError} for a name that JSON cannot have
 */
export function readName(key: unknown): string {
  const fail = (message: string): never => {
    throw new SeedSyntaxError(offsetOf(key), message);
  };
  if (isAlias(key)) return fail(`*${key.source} is not a name: write the name out, or put it in quotes`);
  if (!isScalar(key)) return fail('the name of a member is text: put quotes around it');
  checkTag(key);
  const { source, value, type } = key;
  const name = String(source ?? value);
  if (type !== 'PLAIN') return name;
  if (name === '' || name === '~') return fail('a name is missing before the colon: write "" or "~" if that is meant');
  if (name === '<<') return fail('YAML 1.2 does not merge with <<: write the members out');
  return name;
}

const shorten = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

function toNumberAdvice(source: string, value: number | bigint): string {
  const shown = shorten(source);
  if (typeof value === 'number' && !Number.isFinite(value)) return `JSON has no ${shown}`;
  const octal = /^[-+]?0[0-7]+$/.test(source) ? `, ${Number.parseInt(source, 8)} if it is octal` : '';
  return `${shown} is read as ${shorten(String(value))}: write ${shorten(String(value))}${octal}, or "${shown}" in quotes for text`;
}

function checkComment(node: Scalar, text: string): void {
  if (node.type !== 'PLAIN') return;
  TEXT_AS_COMMENT.lastIndex = node.range?.[1] ?? 0;
  if (!TEXT_AS_COMMENT.test(text)) return;
  throw new SeedSyntaxError(
    TEXT_AS_COMMENT.lastIndex - 2,
    'the text after # is a comment: put quotes around all of the text, or a space after the #',
  );
}
