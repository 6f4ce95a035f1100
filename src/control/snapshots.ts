import * as z from 'zod';
import { toTimestamp } from '../domain/clock.ts';
import { conflict, notFound } from '../domain/errors.ts';
import { BEFORE_RESET, INITIAL_SNAPSHOT } from '../domain/state.ts';
import { sendJson } from '../http/envelope.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import type { Sandboxes, Snapshot } from '../sandbox/sandboxes.ts';
import { listDifferences, toDifferenceJson } from './differences.ts';
import { done, type FindSandbox, GONE, InSandbox, listReplaced, NoMembers, refusal, time, Undo } from './routes.ts';

/** Of a path, clients take `.` and `..` for another one. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
const inSnapshot = (example: string) =>
  InSandbox.extend({
    name: z
      .string()
      .regex(NAME, 'expected letters, digits, _, - and ., 64 at most, and not . or .. alone')
      .meta({ example }),
  });
const InSnapshot = inSnapshot(INITIAL_SNAPSHOT);
const SnapshotView = z
  .strictObject({
    name: z.string(),
    created_at: time().describe('Real time'),
    organizations: integer(),
    api_keys: integer(),
  })
  .meta({ id: 'Snapshot' });
/** A snapshot in a list. */
export type SnapshotView = z.output<typeof SnapshotView>;
const SNAPSHOT = { name: 'seeded', created_at: '2026-01-01T00:00:00Z', organizations: 4, api_keys: 10 };
const Restored = z
  .strictObject({ restored: z.string(), replaced: z.array(z.string()).describe('What was replaced'), ...Undo })
  .meta({ id: 'Restored' });

const Difference = z
  .strictObject({
    kind: z.enum(['settings', 'organizations', 'api_keys']),
    id: z.string().nullable().describe('Of the organization or the key'),
    member: z.string().nullable().describe('Null for one that was added or removed as a whole'),
    before: z.unknown().meta({ description: 'In the snapshot; null where it was not there' }),
    after: z.unknown().meta({ description: 'Now; null where it is gone' }),
  })
  .meta({ id: 'Difference' });
const Differences = z
  .strictObject({
    changes: z.array(Difference),
    more: integer().describe('Those that are left out: of very many the first ones are shown'),
  })
  .meta({ id: 'Differences' });
/** What `GET …/changes` answers; its values are read from its text. */
export type Differences = z.output<typeof Differences>;
/** Differences that are shown. */
const MAX_DIFFERENCES = 1000;

/** `…/snapshots`: states under names, to go back to. */
export function addSnapshotRoutes(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  const tags = ['snapshots'];
  const unknown = refusal('No such sandbox, or no such snapshot');

  add(
    'GET',
    '/snapshots',
    {
      tags,
      summary: 'Every snapshot, oldest first',
      params: InSandbox,
      response: { 200: done(z.strictObject({ snapshots: z.array(SnapshotView) }), { snapshots: [SNAPSHOT] }) },
    },
    async ({ params }) => {
      await find(params);
      return { snapshots: (await sandboxes.stored.listSnapshots(params.sandbox_id)).map(toView) };
    },
  );

  add(
    'PUT',
    '/snapshots/:name',
    {
      tags,
      summary: 'Keep the state that is now, in place of what had the name',
      params: inSnapshot('seeded'),
      body: NoMembers,
      toExamples: () => ({ now: { summary: 'What is now', value: {} } }),
      response: { 200: done(SnapshotView, SNAPSHOT), 409: refusal('A name of the mock, or too many snapshots') },
    },
    async ({ params }) => {
      const { sandbox_id, name } = params;
      await find(params);
      refuseOwn(name, 'written');
      await sandboxes.stored.saveSnapshot(sandbox_id, name);
      const saved = (await sandboxes.stored.listSnapshots(sandbox_id)).find((one) => one.name === name);
      return saved && toView(saved);
    },
  );

  add(
    'POST',
    '/snapshots/:name/restore',
    {
      tags,
      summary: 'Back to a snapshot',
      params: InSnapshot,
      body: NoMembers,
      toExamples: () => ({ restore: { summary: 'All of it', value: {} } }),
      response: {
        200: done(Restored, { restored: 'seeded', replaced: listReplaced(), before: BEFORE_RESET }),
        404: unknown,
      },
    },
    async ({ params }) => {
      await find(params);
      if (!(await sandboxes.restore(params.sandbox_id, params.name))) throw noSuch(params);
      return { restored: params.name, replaced: listReplaced(), before: BEFORE_RESET };
    },
  );

  add(
    'GET',
    '/snapshots/:name/changes',
    {
      tags,
      summary: 'What differs now, member by member',
      params: InSnapshot,
      response: {
        200: done(Differences, {
          changes: [
            { kind: 'organizations', id: 'org_demo123', member: 'logo_url', before: null, after: 'https://a.example' },
          ],
          more: 0,
        }),
        404: unknown,
      },
    },
    async ({ params }, reply) => {
      await find(params);
      const before = await sandboxes.readSnapshot(params.sandbox_id, params.name);
      if (before === undefined) throw noSuch(params);
      const differences = listDifferences(before, await sandboxes.readState(params.sandbox_id));
      const shown = differences.slice(0, MAX_DIFFERENCES).map(toDifferenceJson);
      sendJson(reply, `{"changes":[${shown.join(',')}],"more":${differences.length - shown.length}}`);
    },
  );

  add(
    'DELETE',
    '/snapshots/:name',
    {
      tags,
      summary: 'Forget a snapshot',
      params: inSnapshot('seeded'),
      response: { 204: GONE, 404: unknown, 409: refusal('initial stays') },
    },
    async ({ params }) => {
      await find(params);
      if (params.name === INITIAL_SNAPSHOT) refuseOwn(params.name, 'deleted');
      if (!(await sandboxes.stored.removeSnapshot(params.sandbox_id, params.name))) throw noSuch(params);
    },
  );
}

const toView = ({ created_at, ...snapshot }: Snapshot) => ({ ...snapshot, created_at: toTimestamp(created_at) });

function refuseOwn(name: string, what: string): void {
  if (name !== INITIAL_SNAPSHOT && name !== BEFORE_RESET) return;
  const of = name === INITIAL_SNAPSHOT ? 'the state that the sandbox was made with' : 'what was before the last reset';
  throw conflict(`The snapshot ${name} cannot be ${what}`, `it is ${of}: choose another name`);
}

const noSuch = ({ sandbox_id }: { sandbox_id: string }) =>
  notFound(`GET /_mock/sandboxes/${sandbox_id}/snapshots lists what there is`);
