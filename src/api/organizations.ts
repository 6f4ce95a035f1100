import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { toTimestamp } from '../domain/clock.ts';
import { applyUpdate } from '../domain/organization.ts';
import { sendJson } from '../wire/envelope.ts';
import type { UnknownFields } from '../wire/pydantic.ts';
import { callerOf } from './auth.ts';
import { buildBaseRateLimits, buildOrganizationUpdateRequest } from './organization-schemas.ts';

/** `GET` and `PATCH /organizations`: the key decides which organization is meant. */
export function addOrganizationRoutes(
  scope: FastifyInstance,
  { unknownFields }: { unknownFields: UnknownFields },
): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();

  api.get('/organizations', { config: { permission: 'read' } }, async (request, reply) => {
    const { organization, sandbox } = callerOf(request);
    return sendJson(reply, sandbox.toAnswer(organization));
  });

  const body = buildOrganizationUpdateRequest(unknownFields, buildBaseRateLimits(unknownFields));
  api.patch('/organizations', { config: { permission: 'admin' }, schema: { body } }, async (request, reply) => {
    const { organization, sandbox } = callerOf(request);
    const now = toTimestamp(sandbox.clock.now());
    const updated = await sandbox.updateOrganization(organization.organization_id, (current) =>
      applyUpdate(current, request.body, now),
    );
    return sendJson(reply, sandbox.toAnswer(updated));
  });
}
