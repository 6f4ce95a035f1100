import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { buildApiDocument, type OpenApiVersion } from '../../src/api/operations.ts';
import type { ApiVersion } from '../../src/domain/api-version.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/state.ts';
import type { OpenApiNode } from '../../src/http/openapi.ts';

const readStructure = (name: ApiVersion): OpenApiNode =>
  JSON.parse(readFileSync(new URL(`../../structures/${name}.json`, import.meta.url), 'utf8'));
const buildOurs = (version: ApiVersion, openapi: OpenApiVersion = '3.1'): OpenApiNode =>
  JSON.parse(JSON.stringify(buildApiDocument('0.0.0-test', { ...DEFAULT_SETTINGS, api_version: version }, openapi)));

/** The structures that Mixpeek published. */
export const STRUCTURES: Record<ApiVersion, OpenApiNode> = {
  '0.81': readStructure('0.81'),
  '0.82': readStructure('0.82'),
};
/** Our own documents, as a client reads them. */
export const DOCUMENTS: Record<ApiVersion, OpenApiNode> = { '0.81': buildOurs('0.81'), '0.82': buildOurs('0.82') };

export const PUBLISHED = STRUCTURES['0.81'];
export const OURS = DOCUMENTS['0.81'];

/** The same as OpenAPI 3.0. */
export const OURS_AS_30 = buildOurs('0.81', '3.0');

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

const toChecks = (version: ApiVersion) =>
  [STRUCTURES[version], DOCUMENTS[version]].map((document, index) => ({
    document,
    check: buildCheck(document, `${version}-${index}`),
  }));
const CHECKS: Record<ApiVersion, ReturnType<typeof toChecks>> = { '0.81': toChecks('0.81'), '0.82': toChecks('0.82') };

/**
 * What an answer has that the published structure or our own document does not allow. An operation or a status that a
 * document does not know is its error envelope; so are answers outside of the operations.
 */
export function findNonconformities(
  method: string,
  url: string,
  status: number,
  body: unknown,
  version: ApiVersion = '0.81',
): string[] {
  const path = url.replace(/[?#].*/, '').replace(/\/$/, '');
  return CHECKS[version].flatMap(({ document, check }) => {
    const responses = at(document, 'paths', path, method.toLowerCase(), 'responses');
    if (status < 400 && responses?.[status] === undefined) return [];
    const schema = responses?.[status]?.content['application/json'].schema ?? {
      $ref: '#/components/schemas/ErrorResponse',
    };
    if (schema.$ref === undefined) return [];
    return check(schema.$ref.slice(1), body);
  });
}
