import type { ControlClient } from './control-client.ts';
import type { OrganizationControl } from './mock-client.ts';
import type { Organization } from './models.ts';

/** What can be done to an organization by the control plane. */
export function buildOrganizationControl(
  client: ControlClient,
  sandboxId: string,
  organizationId: string,
): OrganizationControl {
  const base = `/sandboxes/${encodeURIComponent(sandboxId)}`;
  const path = `${base}/organizations/${encodeURIComponent(organizationId)}`;
  return {
    organizationId,
    organization: () => client.call<Organization>('GET', path),
    update: (change) => client.call<Organization>('PATCH', path, change),
    createKey: async (permission, { expiresAt, status } = {}) => {
      const expires_at = expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt;
      const body = { organization_id: organizationId, permissions: [permission], expires_at, status };
      return (await client.call<{ key: string }>('POST', `${base}/api-keys`, body)).key;
    },
  };
}
