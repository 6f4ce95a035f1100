import * as z from 'zod';
import { toTimestamp } from '../domain/clock.ts';
import { conflict, notFound } from '../domain/errors.ts';
import { buildOrganization, type Organization } from '../domain/organization.ts';
import { drawId } from '../domain/random.ts';
import { ACCOUNT_TYPES, DEFAULT_TIERS, isSameOverride, limitsOf, mergeOverride } from '../domain/rate-limits.ts';
import type { Settings } from '../domain/state.ts';
import { toJsonObject } from '../domain/text.ts';
import { sendJson } from '../http/envelope.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { NewOrganization, OrganizationChange } from '../seed/content.ts';
import { toOrganizationMembers } from '../seed/write.ts';
import { seedBody } from './members.ts';
import { done, type FindSandbox, GONE, InSandbox, next, Paging, refusal, time } from './routes.ts';

const InOrganization = InSandbox.extend({ organization_id: z.string() });

const limits = z.strictObject({
  metadata: integer(),
  data: integer(),
  search: integer(),
  upload: integer(),
  compute: integer(),
});
const text = () => z.string().nullable();
const OrganizationView = z
  .strictObject({
    organization_id: z.string(),
    organization_name: z.string(),
    logo_url: text(),
    account_type: z.enum(ACCOUNT_TYPES),
    credit_count: integer(),
    metadata: z.record(z.string(), z.unknown()),
    billing_email: text(),
    rate_limits_override: limits.partial().describe('What differs from its tier, in requests per minute'),
    auto_billing_enabled: z.boolean(),
    billing_cycle_start: integer().describe('Day of the month, 1 to 31'),
    current_month_usage: integer(),
    created_at: time(),
    updated_at: time(),
    users: z.array(z.record(z.string(), z.unknown())).nullable(),
    notifications_email: text(),
    default_llm_credentials: z.record(z.string(), z.string()),
    nsfw_check_enabled: z.boolean(),
    nsfw_fail_closed: z.boolean(),
    auth_provider_org_id: text(),
    api_url: text(),
    tier_limits: limits.describe('Those of its tier'),
    rate_limits: limits.describe('Those that hold: the tier, with the override applied'),
  })
  .meta({ id: 'Organization' });
const OrganizationPage = z.strictObject({ organizations: z.array(OrganizationView), next });
/** What `GET …/organizations` answers. */
export type OrganizationPage = z.output<typeof OrganizationPage>;
const CREATED_AT = '2026-01-01T00:00:00Z';
const ACME = buildOrganization({ organization_id: 'org_acme', account_type: 'team' }, DEFAULT_TIERS, CREATED_AT);
const EXAMPLE = JSON.parse(toJson(ACME, { tiers: DEFAULT_TIERS }));

/** `…/organizations`: what the public API cannot do, a change of tier above all. */
export function addOrganizationRoutes(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  const tags = ['organizations'];
  const unknown = refusal('No such sandbox, or no such organization');

  add(
    'GET',
    '/organizations',
    {
      tags,
      summary: 'Every organization, oldest first',
      params: InSandbox,
      querystring: Paging,
      response: { 200: done(OrganizationPage, { organizations: [EXAMPLE], next: null }) },
    },
    async ({ params, query }, reply) => {
      const { settings } = await find(params);
      const page = await sandboxes.stored.pageOrganizations(params.sandbox_id, query.cursor, query.limit);
      const items = page.items.map((organization) => toJson(organization, settings));
      sendJson(reply, `{"organizations":[${items.join(',')}],"next":${page.next}}`);
    },
  );

  add(
    'POST',
    '/organizations',
    {
      tags,
      summary: 'Make an organization',
      params: InSandbox,
      body: seedBody(NewOrganization),
      toExamples: () => ({
        team: {
          summary: 'One of the tier team',
          value: { organization_name: 'Acme', account_type: 'team', metadata: { region: 'eu' } },
        },
        empty: { summary: 'One with every member at its default', value: {} },
      }),
      response: { 201: done(OrganizationView, EXAMPLE), 409: refusal('There is one with the id') },
    },
    async ({ params, body }, reply) => {
      const { sandbox, settings } = await find(params);
      const { organization_id = await drawNewId(sandbox), ...members } = body;
      const { after } = await sandbox.updateOrganization(organization_id, (current, now) => {
        if (current !== undefined) {
          throw conflict(`There is an organization ${organization_id}`, 'PATCH it, or choose another id');
        }
        return buildOrganization({ organization_id, ...members }, settings.tiers, toTimestamp(now));
      });
      if (after !== undefined) sendJson(reply, toJson(after, settings));
    },
  );

  add(
    'GET',
    '/organizations/:organization_id',
    {
      tags,
      summary: 'One organization',
      params: InOrganization,
      response: { 200: done(OrganizationView, EXAMPLE), 404: unknown },
    },
    async ({ params }, reply) => {
      const { sandbox, settings } = await find(params);
      const organization = await sandbox.findOrganization(params.organization_id);
      if (organization === undefined) throw noSuch(params);
      sendJson(reply, toJson(organization, settings));
    },
  );

  add(
    'PATCH',
    '/organizations/:organization_id',
    {
      tags,
      summary: 'Change any member but the id',
      description: 'Limits that change hold at once. A change of tier keeps the override.',
      params: InOrganization,
      body: seedBody(OrganizationChange),
      toExamples: ({ organization_id }) => ({
        ...(organization_id !== undefined && {
          tier: { summary: 'Another tier', value: { account_type: 'enterprise' } },
          billing: { summary: 'No credits left', value: { credit_count: 0, auto_billing_enabled: true } },
        }),
      }),
      response: { 200: done(OrganizationView, EXAMPLE), 404: unknown },
    },
    async ({ params, body }, reply) => {
      const { sandbox } = await find(params);
      const { after, settings } = await sandbox.updateOrganization(
        params.organization_id,
        (current, now) => current && applyChange(current, body, now),
      );
      if (after === undefined) throw noSuch(params);
      sendJson(reply, toJson(after, settings));
    },
  );

  add(
    'DELETE',
    '/organizations/:organization_id',
    {
      tags,
      summary: 'Remove an organization and its keys',
      params: InOrganization,
      response: { 204: GONE, 404: unknown, 409: refusal('The last one stays') },
    },
    async ({ params }) => {
      const { sandbox } = await find(params);
      const { before } = await sandbox.updateOrganization(params.organization_id, () => undefined);
      if (before === undefined) throw noSuch(params);
    },
  );
}

const noSuch = ({ sandbox_id }: { sandbox_id: string }) =>
  notFound(`GET /_mock/sandboxes/${sandbox_id}/organizations lists what there is`);

/** A new id that nobody has. */
async function drawNewId(sandbox: Sandbox): Promise<string> {
  for (;;) {
    const id = drawId(sandbox.random, 'org');
    if ((await sandbox.findOrganization(id)) === undefined) return id;
  }
}

/** The organization with other members; `current` itself if nothing changes. */
export function applyChange(
  current: Organization,
  update: z.output<typeof OrganizationChange>,
  now: number,
): Organization {
  const given = Object.fromEntries(Object.entries(update).filter(([, value]) => value !== undefined));
  const { rate_limits_override: override } = update;
  const rate_limits_override = override === undefined ? current.rate_limits_override : mergeOverride({}, override);
  const next: Organization = { ...current, ...given, rate_limits_override };
  const isSame =
    isSameOverride(current.rate_limits_override, rate_limits_override) &&
    toOrganizationMembers({ ...next, rate_limits_override: {} }).join() ===
      toOrganizationMembers({ ...current, rate_limits_override: {} }).join();
  if (isSame) return current;
  return { ...next, updated_at: update.updated_at ?? toTimestamp(now) };
}

/** The organization with the limits of its tier, and those that hold. */
function toJson(organization: Organization, { tiers }: Pick<Settings, 'tiers'>): string {
  const { monthly_credits: _, ...tier } = tiers[organization.account_type];
  return toJsonObject([
    ...toOrganizationMembers(organization),
    ['tier_limits', JSON.stringify(tier)],
    ['rate_limits', JSON.stringify(limitsOf(tiers, organization))],
  ]);
}
