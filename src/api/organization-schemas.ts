import * as z from 'zod';
import { ACCOUNT_TYPES } from '../domain/rate-limits.ts';
import { email, jsonObject, model, optional, positiveInteger, text, type UnknownFields } from '../wire/pydantic.ts';

const perMinute = (what: string) => positiveInteger().optional().describe(`${what}, in requests per minute`);

export const buildBaseRateLimits = (unknownFields: UnknownFields) =>
  model(
    {
      metadata: perMinute('Creating and configuring namespaces, collections, retrievers, taxonomies, clusters'),
      data: perMinute('Objects and documents'),
      search: perMinute('Executing retrievers and taxonomies'),
      upload: perMinute('Uploading files'),
      compute: perMinute('Clusters and batches'),
    },
    unknownFields,
  );
type BaseRateLimits = ReturnType<typeof buildBaseRateLimits>;

/** The body of PATCH, its members in the order in which the real service reports their errors. */
export const buildOrganizationUpdateRequest = (unknownFields: UnknownFields, rateLimits: BaseRateLimits) =>
  model(
    {
      organization_name: optional(text()).describe('Display name; null leaves it as it is'),
      logo_url: optional(text()).describe('URL of the logo; null removes it'),
      billing_email: optional(email()).describe('Billing contact; null removes it'),
      metadata: optional(jsonObject()).describe('Replaces the whole metadata object; null makes it {}'),
      rate_limits: optional(rateLimits).describe('Merged category by category; null drops every override'),
    },
    unknownFields,
  );

/** Plain JSON Schema types, as the published document has them: Zod would add the bounds of safe integers. */
export const integer = () => z.number().meta({ type: 'integer' });
export const openObject = () => z.unknown().meta({ type: 'object', additionalProperties: true });

/** What GET and PATCH answer; for the document, since answers are written as text. */
export const buildOrganizationModelResponse = (rateLimits: BaseRateLimits, accountTier: z.ZodType) =>
  z.object({
    organization_id: z.string().describe('org_ and what tells it from others'),
    organization_name: z.string(),
    logo_url: z.string().nullish(),
    account_type: accountTier,
    credit_count: integer().describe('Credits left'),
    metadata: openObject().optional().describe('As it was sent, blanks aside'),
    billing_email: z.string().meta({ format: 'email' }).nullish(),
    rate_limits: rateLimits.describe("The tier's limits with the organization's override applied"),
    auto_billing_enabled: z.boolean().default(false),
    billing_cycle_start: integer().default(1).describe('Day of the month, 1 to 31'),
    current_month_usage: integer().default(0),
    created_at: z.string().meta({ format: 'date-time' }),
    updated_at: z.string().meta({ format: 'date-time' }),
    users: z.array(openObject()).nullish(),
  });

export const AccountTier = z.enum(ACCOUNT_TYPES);
