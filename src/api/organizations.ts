import * as z from 'zod';
import { type ApiVersion, listForeign } from '../domain/api-version.ts';
import { notFound } from '../domain/errors.ts';
import { once } from '../domain/once.ts';
import { applyUpdate, listChanges, type OrganizationModel, type OrganizationUpdate } from '../domain/organization.ts';
import { ACCOUNT_TYPES, limitsOf } from '../domain/rate-limits.ts';
import { sendJson } from '../http/envelope.ts';
import { HINT } from '../http/hint.ts';
import { toIgnoredHint } from '../http/ignored-members.ts';
import { describeModel, integer } from '../http/openapi.ts';
import { boolean, email, jsonObject, model, optional, positiveInteger, stringMap, text } from '../pydantic/model.ts';
import { requireCaller } from './auth.ts';
import { buildExamples } from './organization-examples.ts';
import { type AddApiRoute, answered, buildRefusals, type Documented, type Operation, openObject } from './routes.ts';

const GET: Operation = { permission: 'read', category: 'metadata', api_name: 'organizations.get' };
const PATCH: Operation = { permission: 'admin', category: 'metadata', api_name: 'organizations.update' };
const tags = ['Organizations'];

/**
 * `GET` and `PATCH /organizations`: the key decides which organization is meant.
 * @param documented without it the routes take the members of every version, of which a sandbox takes those of its own
 */
export function addOrganizationRoutes(add: AddApiRoute, documented?: Documented): void {
  const version = documented?.api_version;
  const isStrict = documented?.unknown_fields === 'reject';
  const BaseRateLimits = once(() => buildBaseRateLimits(isStrict));
  const OrganizationModelResponse = once(() => buildOrganizationModelResponse(BaseRateLimits(), version));
  const { getExamples, updateExamples, updatedExamples } = buildExamples(version);

  add(
    'GET',
    '/organizations',
    {
      config: GET,
      tags,
      operationId: 'get_organization_v1_organizations_get',
      summary: 'Get the organization',
      description: 'Needs a key with the permission read.',
      response: {
        200: answered('The organization', OrganizationModelResponse, getExamples),
        ...buildRefusals(GET, false),
      },
    },
    ({ exchange }, reply) => {
      const { organization, sandbox, settings } = requireCaller(exchange);
      const { text, payload } = sandbox.toResponse(organization, settings);
      sendJson(reply, text, payload);
    },
  );

  add(
    'PATCH',
    '/organizations',
    {
      config: PATCH,
      tags,
      operationId: 'update_organization_v1_organizations_patch',
      summary: 'Update it',
      description: 'Needs a key with the permission admin.',
      body:
        documented === undefined
          ? OrganizationUpdateRequest()
          : buildOrganizationUpdateRequest(isStrict, BaseRateLimits(), version),
      toExamples: () => updateExamples,
      response: {
        200: answered('The organization', OrganizationModelResponse, updatedExamples),
        ...buildRefusals(PATCH, true),
      },
    },
    async ({ exchange, body }, reply) => {
      const { organization, sandbox } = requireCaller(exchange);
      const { before, after, settings } = await sandbox.updateOrganization(
        organization.organization_id,
        (current, now) => current && applyUpdate(current, body, now),
      );
      if (before === undefined || after === undefined) throw notFound('the organization of this key is gone');
      exchange.change(listChanges(before, after, (organization) => limitsOf(settings.tiers, organization)));
      const hint = toIgnoredHint(exchange.json, settings.api_version);
      if (hint !== undefined) reply.header(HINT, hint);
      const { text, payload } = sandbox.buildResponse(after, settings);
      sendJson(reply, text, payload);
    },
  );
}

const perMinute = (what: string) => positiveInteger().optional().describe(`${what}, in requests per minute`);

const buildBaseRateLimits = (isStrict: boolean) =>
  model(
    {
      metadata: perMinute('Creating and configuring namespaces, collections, retrievers, taxonomies, clusters'),
      data: perMinute('Objects and documents'),
      search: perMinute('Executing retrievers and taxonomies'),
      upload: perMinute('Uploading files'),
      compute: perMinute('Clusters and batches'),
    },
    isStrict,
  ).meta({ id: 'BaseRateLimits' });
type BaseRateLimits = ReturnType<typeof buildBaseRateLimits>;

/** The body of PATCH, its members in the order in which the real service reports their errors. */
const buildOrganizationUpdateRequest = (
  isStrict: boolean,
  rateLimits: BaseRateLimits,
  version: ApiVersion | undefined,
) => {
  const shape = {
    organization_name: optional(text()).describe('Display name; null leaves it as it is'),
    logo_url: optional(text()).describe('URL of the logo; null removes it'),
    billing_email: optional(email()).describe('Billing contact; null removes it'),
    notifications_email: optional(email()).describe('Where notifications go; null leaves it as it is'),
    metadata: optional(jsonObject()).describe('Replaces the whole metadata object; null makes it {}'),
    rate_limits: optional(rateLimits).describe('Merged category by category; null drops every override'),
    rate_limit_overrides: optional(rateLimits).describe('Replaces every override; null and {} drop them'),
    default_llm_credentials: optional(stringMap()).describe('Provider: name of a secret; replaced as a whole'),
    nsfw_check_enabled: optional(boolean()).describe('Never answered; null leaves it as it is'),
    nsfw_fail_closed: optional(boolean()).describe('Never answered; null leaves it as it is'),
  } satisfies Record<keyof OrganizationUpdate, z.ZodType>;
  return model(leaveOut(shape, version && listForeign('request', version)), isStrict).meta({
    id: 'OrganizationUpdateRequest',
  });
};

/** With the members of every version: all servers of a process check with it. */
const OrganizationUpdateRequest = once(() =>
  buildOrganizationUpdateRequest(false, buildBaseRateLimits(false), undefined),
);

/** What GET and PATCH answer, as `toOrganizationJson` writes it. */
const buildOrganizationModelResponse = (rateLimits: BaseRateLimits, version: ApiVersion | undefined) => {
  const { shape } = describeModel<OrganizationModel>()({
    organization_id: z.string().describe('org_ and a part of its own'),
    organization_name: z.string(),
    logo_url: z.string().nullish(),
    account_type: z.enum(ACCOUNT_TYPES).meta({ id: 'AccountTier' }),
    credit_count: integer().describe('Credits left'),
    metadata: openObject().optional().describe('As it was sent, without whitespace'),
    billing_email: z.string().meta({ format: 'email' }).nullish(),
    notifications_email: z.string().meta({ format: 'email' }).nullish(),
    rate_limits: rateLimits.describe("The tier's limits with the organization's override applied"),
    auto_billing_enabled: z.boolean().default(false),
    billing_cycle_start: integer().default(1).describe('Day of the month, 1 to 31'),
    current_month_usage: integer().default(0),
    created_at: z.string().meta({ format: 'date-time' }),
    updated_at: z.string().meta({ format: 'date-time' }),
    users: z.array(openObject()).nullish(),
    auth_provider_org_id: z.string().nullish(),
    default_llm_credentials: openObject({ type: 'string' }).optional().describe('Provider: name of a secret'),
    api_url: z.string().nullish(),
  });
  return z
    .object(leaveOut(shape, version && listForeign('response', version)))
    .meta({ id: 'OrganizationModelResponse' });
};

/** A shape without the members that are named. */
function leaveOut<Shape extends z.ZodRawShape>(shape: Shape, names: readonly string[] = []): Shape {
  const left = { ...shape };
  for (const name of names) Reflect.deleteProperty(left, name);
  return left;
}
