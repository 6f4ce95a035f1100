import * as z from 'zod';
import { type ApiKey, hashApiKey, KEY_STATUSES, PERMISSIONS, toApiKeyId } from '../domain/api-key.ts';
import { conflict, invalidBody, notFound } from '../domain/errors.ts';
import { isApiKey, KEY_FORM, toKeyPrefix } from '../domain/redact.ts';
import type { AddRoute } from '../http/openapi.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { oneOf, storable, strictObject, timestamp } from '../seed/values.ts';
import { seedBody } from './members.ts';
import { done, type FindSandbox, GONE, InSandbox, next, Paging, refusal, time } from './routes.ts';

const InApiKey = InSandbox.extend({ api_key_id: z.string() });

const KEY_TYPES = ['live', 'test'] as const;
const permissions = z.array(oneOf(PERMISSIONS)).min(1, 'expected at least one permission; read, write, delete, admin');

const NewApiKey = seedBody(
  strictObject({
    organization_id: z.string().describe('The first one, if none is named'),
    type: oneOf(KEY_TYPES).describe('Of a new key: sk_live_… or sk_test_…, which is the default'),
    permissions: permissions.describe('admin, if none is named'),
    status: oneOf(KEY_STATUSES),
    expires_at: timestamp.nullable(),
    name: storable.nullable(),
    key: z.string().refine(isApiKey, `expected ${KEY_FORM}`).describe('A key that is known already'),
  })
    .partial()
    .refine(({ type, key }) => type === undefined || key === undefined, {
      path: ['type'],
      message: 'goes without key only',
    }),
);
const ApiKeyChange = seedBody(
  strictObject({
    status: oneOf(KEY_STATUSES),
    permissions,
    expires_at: timestamp.nullable(),
    name: storable.nullable(),
  }).partial(),
);

const ApiKeyView = z.strictObject({
  api_key_id: z.string(),
  organization_id: z.string(),
  key_prefix: z.string().describe('The first characters of the key'),
  name: z.string().nullable(),
  permissions: z.array(z.enum(PERMISSIONS)),
  status: z.enum(KEY_STATUSES),
  expires_at: time().nullable().describe('By the clock of the sandbox'),
});
const MadeApiKey = ApiKeyView.extend({ key: z.string().describe('Shown here only') }).meta({ id: 'MadeApiKey' });
const KeyView = ApiKeyView.meta({ id: 'ApiKey' });
const ApiKeyPage = z.strictObject({ api_keys: z.array(KeyView), next });
/** What `GET …/api-keys` answers. */
export type ApiKeyPage = z.output<typeof ApiKeyPage>;
const EXAMPLE: z.output<typeof ApiKeyView> = {
  api_key_id: 'key_00790b23ef8911f35db0a3b5',
  organization_id: 'org_demo123',
  key_prefix: 'sk_live_ab',
  name: null,
  permissions: ['admin'],
  status: 'active',
  expires_at: null,
};

/** `…/api-keys`: keys of any permission and status; what changes holds from the next request on. */
export function addApiKeyRoutes(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  const tags = ['api-keys'];
  const unknown = refusal('No such sandbox, or no such key');

  add(
    'GET',
    '/api-keys',
    {
      tags,
      summary: 'Every key, oldest first; of each the first characters',
      params: InSandbox,
      querystring: Paging,
      response: { 200: done(ApiKeyPage, { api_keys: [EXAMPLE], next: null }) },
    },
    async ({ params, query }) => {
      await find(params);
      const page = await sandboxes.stored.pageApiKeys(params.sandbox_id, query.cursor, query.limit);
      return { api_keys: page.items.map(toView), next: page.next };
    },
  );

  add(
    'POST',
    '/api-keys',
    {
      tags,
      summary: 'Make a key, or let a known one be used',
      params: InSandbox,
      body: NewApiKey,
      toExamples: () => ({
        new: { summary: 'A new one that may read', value: { type: 'live', permissions: ['read'], name: 'reader' } },
        known: { summary: 'One that your CI has', value: { key: 'sk_test_of_your_ci', permissions: ['admin'] } },
      }),
      response: {
        201: done(MadeApiKey, { ...EXAMPLE, key: 'sk_live_…' }),
        409: refusal('This sandbox, or another one, has the key'),
      },
    },
    async ({ params, body }) => {
      const { sandbox } = await find(params);
      const { type, key = await sandboxes.drawApiKey(sandbox.random, type), ...members } = body;
      const organization_id = await findOrganizationId(sandbox, sandboxes, body.organization_id);
      const { after } = await sandbox.updateApiKey(toApiKeyId(hashApiKey(key)), (current) => {
        if (current !== undefined) throw conflict(`The sandbox has the key ${current.key_prefix}…`, 'PATCH it');
        return build(key, { ...members, organization_id });
      });
      return after && { ...toView(after), key };
    },
  );

  add(
    'PATCH',
    '/api-keys/:api_key_id',
    {
      tags,
      summary: 'Change status, permissions, end or name',
      params: InApiKey,
      body: ApiKeyChange,
      toExamples: ({ api_key_id }) => ({
        ...(api_key_id !== undefined && {
          revoked: { summary: 'Revoke it', value: { status: 'revoked' } },
          expiring: { summary: 'Let it expire', value: { expires_at: '2027-01-01T00:00:00Z' } },
        }),
      }),
      response: { 200: done(KeyView, EXAMPLE), 404: unknown },
    },
    async ({ params, body }) => {
      const { sandbox } = await find(params);
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      const { after } = await sandbox.updateApiKey(params.api_key_id, (current) => current && { ...current, ...given });
      if (after === undefined) throw noSuch(params);
      return toView(after);
    },
  );

  add(
    'DELETE',
    '/api-keys/:api_key_id',
    { tags, summary: 'Remove a key', params: InApiKey, response: { 204: GONE, 404: unknown } },
    async ({ params }) => {
      const { sandbox } = await find(params);
      const { before } = await sandbox.updateApiKey(params.api_key_id, () => undefined);
      if (before === undefined) throw noSuch(params);
    },
  );
}

const noSuch = ({ sandbox_id }: { sandbox_id: string }) =>
  notFound(`GET /_mock/sandboxes/${sandbox_id}/api-keys lists what there is`);

async function findOrganizationId(sandbox: Sandbox, sandboxes: Sandboxes, named?: string): Promise<string> {
  if (named !== undefined && (await sandbox.findOrganization(named)) === undefined) {
    const msg = 'the sandbox has no such organization';
    throw invalidBody([{ type: 'value_error', loc: ['body', 'organization_id'], msg }]);
  }
  const { items } = await sandboxes.stored.pageOrganizations(sandbox.sandbox_id, 0, 1);
  return named ?? items[0]?.organization_id ?? '';
}

type Given = { [Member in 'name' | 'permissions' | 'status' | 'expires_at']?: ApiKey[Member] | undefined };

function build(key: string, members: Given & Pick<ApiKey, 'organization_id'>): ApiKey {
  const key_hash = hashApiKey(key);
  return {
    api_key_id: toApiKeyId(key_hash),
    organization_id: members.organization_id,
    key_hash,
    key_prefix: toKeyPrefix(key),
    name: members.name ?? null,
    permissions: members.permissions ?? ['admin'],
    status: members.status ?? 'active',
    expires_at: members.expires_at ?? null,
  };
}

const toView = ({ key_hash: _, ...apiKey }: ApiKey) => apiKey;
