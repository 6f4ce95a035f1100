import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { buildApiDocument } from '../../src/api/operations.ts';
import type { OpenApiNode } from '../../src/http/openapi.ts';

/** The structure that Mixpeek published. */
export const PUBLISHED: OpenApiNode = JSON.parse(
  readFileSync(new URL('../fixtures/mixpeek-organizations.structure.json', import.meta.url), 'utf8'),
);

/** Our own document, as a client reads it. */
export const OURS: OpenApiNode = JSON.parse(JSON.stringify(buildApiDocument('0.0.0-test', 'ignore', '0.81', '3.1')));

/** The same as OpenAPI 3.0. */
export const OURS_AS_30: OpenApiNode = JSON.parse(
  JSON.stringify(buildApiDocument('0.0.0-test', 'ignore', '0.81', '3.0')),
);

/** What JSON gave, to be walked by names. */
export type Parsed = ReturnType<typeof JSON.parse>;

const at = (document: OpenApiNode, ...path: string[]): Parsed =>
  path.reduce<unknown>((node, name) => (node as OpenApiNode | undefined)?.[name], document);

/** What is wrong with a value by the schema at a place of a document. */
export function buildCheck(document: OpenApiNode, id: string) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Addresses with letters beyond ASCII are e-mail addresses too (RFC 6531); ajv's own format does not know.
  ajv.addFormat('email', true);
  ajv.addSchema({ ...document, $id: id });
  return (pointer: string, body: unknown): string[] => {
    const validate = ajv.getSchema(`${id}#${pointer}`);
    if (validate === undefined) throw new Error(`no schema at ${pointer}`);
    return validate(body)
      ? []
      : (validate.errors ?? []).map((error) => `${pointer}${error.instancePath}: ${error.message}`);
  };
}

const checks = [
  { document: PUBLISHED, check: buildCheck(PUBLISHED, 'published') },
  { document: OURS, check: buildCheck(OURS, 'ours') },
];

export const checkOurs = buildCheck(OURS, 'examples');

/**
 * What an answer has that the published structure or our own document does not allow. An operation or a status that a
 * document does not know is its error envelope; so are answers outside of the operations.
 */
export function findNonconformities(method: string, url: string, status: number, body: unknown): string[] {
  const path = url.replace(/[?#].*/, '').replace(/\/$/, '');
  return checks.flatMap(({ document, check }) => {
    const responses = at(document, 'paths', path, method.toLowerCase(), 'responses');
    if (status < 400 && responses?.[status] === undefined) return [];
    const schema = responses?.[status]?.content['application/json'].schema ?? {
      $ref: '#/components/schemas/ErrorResponse',
    };
    if (schema.$ref === undefined) return [];
    return check(schema.$ref.slice(1), body);
  });
}
