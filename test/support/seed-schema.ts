import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { isJsonText } from '../../src/seed/file.ts';
import { toSeedSchemaText } from '../../src/seed/schema.ts';

// Keywords beside those of the object itself say what its members are together.
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });
const validate = ajv.compile(JSON.parse(toSeedSchemaText()));

/** What the JSON Schema of a seed says is wrong with a value. */
export const findSchemaErrors = (value: unknown): string[] =>
  validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);

/**
 * A seed as an editor reads it, with nothing but JSON or YAML 1.2 in mind.
 * @throws where it is neither
 */
export function parseSeed(text: string, name = 'seed.yaml'): unknown {
  const own = text.replace(/^\ufeff/, '');
  if (name.endsWith('.json') || isJsonText(own)) return JSON.parse(own);
  return parse(own, { version: '1.2', uniqueKeys: false, maxAliasCount: -1, logLevel: 'error' });
}
