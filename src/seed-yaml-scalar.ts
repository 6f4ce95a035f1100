import { isAlias, isNode, isScalar, type Scalar } from 'yaml';
import { SeedSyntaxError } from './seed-source.ts';

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Words that are text in YAML 1.2 and booleans in YAML 1.1, which many programs still read. */
const OLD_BOOLEAN = /^(?:y|n|yes|no|on|off)$/i;
/** Numbers of YAML 1.1 that are text in YAML 1.2. Times like 12:30 are none that anybody means. */
const OLD_NUMBER = /^[-+]?(?:0b[01_]+|0x[\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[-+]?\d+)?)$/i;
/** A comment that begins right behind its #, as no comment does that was meant for one: `Acme #1`. */
const TEXT_AS_COMMENT = /[ \t]+#[^\s#!]/y;
const TAG = 'tag:yaml.org,2002:';
const KNOWN_TAGS = ['!', ...['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => TAG + name)];

export const offsetOf = (node: unknown): number => (isNode(node) && node.range?.[0]) || 0;

/** @throws {SeedSyntaxError} for a tag that means what JSON does not have */
export function checkTag(node: unknown): void {
  const tag = isNode(node) ? node.tag : undefined;
  if (tag === undefined || KNOWN_TAGS.includes(tag)) return;
  const shown = tag.startsWith(TAG) ? `!!${tag.slice(TAG.length)}` : tag;
  throw new SeedSyntaxError(offsetOf(node), `the tag ${shown} means nothing in JSON: take it out`);
}

/**
 * The value of a scalar whose type the schema knows.
 * @throws {SeedSyntaxError} for what could be taken for something else
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
 * The scalar as JSON text, the digits of a number as they stand.
 * @throws {SeedSyntaxError} for what could be taken for something else
 */
export function scalarToJson(node: Scalar, text: string): string {
  const value = readScalar(node, text);
  const { source = '', type } = node;
  if (typeof value === 'number') return source;
  if (typeof value === 'string' && type === 'PLAIN' && node.tag === undefined) {
    if (OLD_BOOLEAN.test(value)) {
      const meant = /^(?:y|yes|on)$/i.test(value);
      const advice = `write ${meant}, or "${value}" in quotes`;
      throw new SeedSyntaxError(offsetOf(node), `${value} is text in YAML 1.2 and ${meant} in YAML 1.1: ${advice}`);
    }
    if (OLD_NUMBER.test(value)) {
      const advice = `write the number as JSON does, or "${shorten(value)}" in quotes`;
      throw new SeedSyntaxError(
        offsetOf(node),
        `${shorten(value)} is text in YAML 1.2 and a number in YAML 1.1: ${advice}`,
      );
    }
  }
  return JSON.stringify(value);
}

/**
 * The name of a member: text as it is written, so that `1`, `no` and `null` are names.
 * @throws {SeedSyntaxError} for a name that is none in JSON
 */
export function readName(key: unknown): string {
  const fail = (message: string): never => {
    throw new SeedSyntaxError(offsetOf(key), message);
  };
  if (isAlias(key)) return fail(`*${key.source} is no name: write it out, or in quotes`);
  if (!isScalar(key)) return fail('a name of a member is text: put quotes around it');
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
    'what follows # is a comment: put quotes around the text, or a blank behind the #',
  );
}
