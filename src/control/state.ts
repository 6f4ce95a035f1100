import * as z from 'zod';
import { timeOf, toTimestamp } from '../domain/clock.ts';
import { badRequest } from '../domain/errors.ts';
import { sendJson } from '../http/envelope.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { buildSeed } from '../seed/build.ts';
import { readSeedText } from '../seed/file.ts';
import { toJsonSeed, toYamlSeed } from '../seed/write.ts';
import { AnyBody, readSeed, toText } from './members.ts';
import { done, type FindSandbox, InSandbox, listReplaced, refusal, SANDBOX_ID, SEED_LIMIT, Undo } from './routes.ts';

const Imported = z
  .strictObject({
    sandbox_id: z.string(),
    organizations: integer().describe('How many there are now'),
    api_keys: integer(),
    replaced: z.array(z.string()).describe('What was there before and is gone; empty for a new sandbox'),
    ...Undo,
  })
  .meta({ id: 'Imported' });
const IMPORTED = { sandbox_id: 'default', organizations: 1, api_keys: 1, before: 'before-reset' };
const EXAMPLE = { version: 1 as const, organizations: [{ organization_id: 'org_acme', account_type: 'team' }] };

/** `…/state`: all that there is of a sandbox, as a seed file. */
export function addStateRoutes(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  const tags = ['state'];

  add(
    'GET',
    '/state',
    {
      tags,
      summary: 'The whole state, as a seed file has it',
      params: InSandbox,
      hasYaml: true,
      response: { 200: done(z.looseObject({ version: z.literal(1) }), EXAMPLE) },
    },
    async ({ params, headers: { accept = '' } }, reply) => {
      await find(params);
      const state = await sandboxes.readState(params.sandbox_id);
      if (!/\byaml\b/i.test(accept)) return void sendJson(reply, toJsonSeed(state));
      reply.header('content-type', 'application/yaml').send(Buffer.from(toYamlSeed(state)));
    },
  );

  add(
    'PUT',
    '/state',
    {
      tags,
      summary: 'Replace it by that of a seed file; an unknown id is made',
      params: InSandbox.extend({ sandbox_id: SANDBOX_ID }),
      body: AnyBody,
      bodyLimit: SEED_LIMIT,
      hasYaml: true,
      toExamples: () => ({ seed: { summary: 'One organization', value: EXAMPLE } }),
      response: {
        200: done(Imported, { ...IMPORTED, replaced: listReplaced() }),
        201: done(Imported, { ...IMPORTED, replaced: [], before: null }),
        409: refusal('A key that another sandbox has, or too many sandboxes'),
      },
    },
    async ({ params: { sandbox_id }, body: { bytes, isYaml } }, reply) => {
      const text = toText(bytes);
      if (text.trim() === '') throw badRequest('The body is empty', 'send the content of a seed file');
      const base = await sandboxes.readBaseSettings();
      const { state } = await readSeed([], () =>
        readSeedText(text, !isYaml, (content) => {
          const now = toTimestamp(timeOf(content.clock ?? base.clock));
          return buildSeed(content, now, base);
        }),
      );
      const isNew = await sandboxes.put(sandbox_id, state);
      const [organizations, api_keys] = [state.organizations.length, state.api_keys.length];
      if (isNew) reply.code(201);
      const replaced = isNew ? [] : listReplaced();
      return { sandbox_id, organizations, api_keys, replaced, before: isNew ? null : IMPORTED.before };
    },
  );
}
