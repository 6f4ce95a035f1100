import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { notFound } from '../domain/errors.ts';
import { applyUpdate } from '../domain/organization.ts';
import { HINT, sendJson } from '../wire/envelope.ts';
import { toIgnoredHint } from '../wire/ignored-members.ts';
import type { UnknownFields } from '../wire/pydantic.ts';
import { callerOf } from './auth.ts';
import { noteChange } from './journal.ts';
import { buildBaseRateLimits, buildOrganizationUpdateRequest } from './organization-schemas.ts';

const GET = { permission: 'read', api_name: 'organizations.get' } as const;
const PATCH = { permission: 'admin', api_name: 'organizations.update' } as const;

/** `GET` and `PATCH /organizations`: the key decides which organization is meant. */
export function addOrganizationRoutes(
  scope: FastifyInstance,
  { unknownFields }: { unknownFields: UnknownFields },
): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();

  api.get('/organizations', { config: GET }, (request, reply) => {
    const { organization, sandbox, settings } = callerOf(request);
    const { text, payload } = sandbox.toResponse(organization, settings.tiers);
    sendJson(reply, text, payload);
  });

  const body = buildOrganizationUpdateRequest(unknownFields, buildBaseRateLimits(unknownFields));
  api.patch('/organizations', { config: PATCH, schema: { body } }, async (request, reply) => {
    const { organization, sandbox } = callerOf(request);
    const { before, after, settings } = await sandbox.updateOrganization(
      organization.organization_id,
      (current, now) => current && applyUpdate(current, request.body, now),
    );
    if (before === undefined || after === undefined) throw notFound('the organization of this key is gone');
    noteChange(request, settings.tiers, before, after);
    if (request.received?.kind === 'json') {
      const hint = toIgnoredHint(request.received.value);
      if (hint !== undefined) reply.header(HINT, hint);
    }
    const { text, payload } = sandbox.buildResponse(after, settings.tiers);
    sendJson(reply, text, payload);
  });
}
