import * as z from 'zod';
import { SeedFile } from './content.ts';
import {
  API_KEY_DESCRIPTIONS,
  FAULT_DESCRIPTIONS,
  ORGANIZATION_DESCRIPTIONS,
  SEED_DESCRIPTIONS,
} from './descriptions.ts';
import { KEYWORDS } from './values.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The text of the JSON Schema of a seed, draft 2020-12: what an editor completes and checks with. */
export function toSeedSchemaText(): string {
  const { $schema, ...schema } = toJsonSchema(SeedFile);
  const { organizations, faults } = addDescriptions(schema, SEED_DESCRIPTIONS);
  const { api_keys } = addDescriptions(organizations?.items, ORGANIZATION_DESCRIPTIONS);
  addDescriptions(api_keys?.items, API_KEY_DESCRIPTIONS);
  addDescriptions(faults?.items, FAULT_DESCRIPTIONS);
  const title = 'Seed of mixpeek-mock';
  return `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;
}

const toJsonSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: addKeywords });

function addKeywords({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }): void {
  const { writtenAs, ...keywords } = KEYWORDS.get(zodSchema) ?? {};
  if (writtenAs !== undefined) {
    for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword];
    const { $schema: _, ...written } = toJsonSchema(writtenAs() as z.ZodType);
    Object.assign(jsonSchema, written);
  }
  Object.assign(jsonSchema, keywords);
}

/** Describes members of an object; returns their schemas. */
function addDescriptions(
  schema: unknown,
  descriptions: Record<string, string>,
): Record<string, JsonSchema | undefined> {
  const { properties } = schema as { properties: Record<string, JsonSchema> };
  for (const [name, description] of Object.entries(descriptions))
    properties[name] = { ...properties[name], description };
  return properties;
}
