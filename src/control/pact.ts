import type { FastifyBaseLogger } from 'fastify';
import * as z from 'zod';
import { notFound, type RefusalError } from '../domain/errors.ts';
import { findNearestName } from '../domain/nearest-name.ts';
import { redactKeys } from '../domain/redact.ts';
import { BEFORE_RESET, DEFAULT_SANDBOX } from '../domain/state.ts';
import type { AddRoute } from '../http/openapi.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { DEMO_KEY } from '../seed/default.ts';
import { readJsonSeed } from '../seed/json.ts';
import { check, oneOf } from '../seed/values.ts';
import { exhaust } from './limits.ts';
import { seedBody } from './members.ts';
import {
  findProviderState,
  isSameName,
  PROVIDER_STATES,
  type ProviderState,
  requireKey,
  toInvalidBody,
} from './provider-states.ts';
import { done, type FindSandbox, InSandbox, refusal } from './routes.ts';

/** Characters of an unknown name that are repeated. */
const SHOWN_LENGTH = 100;

/** What is neither said nor empty. */
const isSaid = (value: unknown) =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== null && value !== '';

/** Verifiers send members besides these, each its own. */
const ProviderStateRequest = z
  .looseObject({
    state: z
      .string()
      .nullish()
      .describe('What it is called, or what a snapshot is called; "" and null: nothing is set'),
    action: oneOf(['setup', 'teardown']).nullish().describe('teardown: back to the start. Default: setup'),
    params: z.looseObject({}).nullish(),
  })
  .superRefine(({ state, action, consumer: _, ...rest }, context) => {
    if (state !== undefined || action === 'teardown' || !Object.values(rest).some(isSaid)) return;
    context.addIssue({ code: 'custom', path: ['state'], message: 'is missing; "" is a clean world' });
  });

const ProviderStateSet = z
  .strictObject({
    api_key: z.string().describe('The key that the state is about'),
    organization_id: z.string().describe('The organization of the key'),
  })
  .partial()
  .meta({ id: 'ProviderStateSet', description: 'Empty behind a teardown' });
type ProviderStateSet = z.output<typeof ProviderStateSet>;

/** `…/pact/provider-states`: what a verifier of a pact asks for before, and perhaps behind, each interaction. */
export function addProviderStateRoute(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  add(
    'POST',
    '/pact/provider-states',
    { ...ROUTE, summary: 'Set a provider state of a pact', params: InSandbox },
    ({ params: { sandbox_id }, body, query, exchange: { bytes }, log }) =>
      answer({ sandbox_id, sandboxes, find, log }, bytes?.length ? body : readQuery(query)),
  );
}

/** `/pact/provider-states`: the same in `default`. */
export function addDefaultProviderStateRoute(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  add(
    'POST',
    '/pact/provider-states',
    { ...ROUTE, summary: `Set a provider state of a pact in ${DEFAULT_SANDBOX}` },
    ({ body, query, exchange: { bytes }, log }) =>
      answer({ sandbox_id: DEFAULT_SANDBOX, sandboxes, find, log }, bytes?.length ? body : readQuery(query)),
  );
}

const ROUTE = {
  tags: ['pact'],
  description:
    'The first state behind a request to the API begins with a reset; the others add to it. No Content-Type is needed, and ' +
    'without a body the members may be in the query: ?state=…&action=…, and each param under its name.',
  body: seedBody(ProviderStateRequest),
  takesAnyType: true,
  toExamples: () => ({
    clean: { summary: 'No state', value: { state: '' } },
    tier: {
      summary: 'An organization',
      value: {
        action: 'setup',
        state: 'an organization on tier team',
        params: { organization_name: 'Acme', metadata: { region: 'eu' } },
      },
    },
    key: {
      summary: "The pact's own key",
      value: { state: 'an API key exists', params: { key: 'sk_test_of_the_pact', permission: 'write' } },
    },
    exhausted: { summary: 'No request is left', value: { state: 'the rate limit is exhausted' } },
    teardown: { summary: 'Back to the start', value: { action: 'teardown', state: 'the key is revoked', params: {} } },
  }),
  response: {
    200: done(ProviderStateSet, { api_key: DEMO_KEY, organization_id: 'org_demo123' }),
    404: refusal('No such sandbox, or no such state: details.states has those that there are'),
    409: refusal('Another sandbox has the key'),
  },
};

interface Asked {
  sandbox_id: string;
  sandboxes: Sandboxes;
  find: FindSandbox;
  log: FastifyBaseLogger;
}

async function answer(asked: Asked, body: z.output<typeof ProviderStateRequest>): Promise<ProviderStateSet> {
  const { sandbox } = await asked.find(asked);
  const { interaction } = sandbox;
  return interaction.enqueue(async () => {
    try {
      return await (body.action === 'teardown' ? tearDown(asked) : setUp(asked, body));
    } catch (error) {
      // The verifier gives the interaction up, mostly without a request.
      interaction.isOver = true;
      throw error;
    }
  });
}

async function tearDown(asked: Asked): Promise<ProviderStateSet> {
  const sandbox = await beginInteraction(asked);
  record(sandbox, 'teardown');
  return {};
}

async function setUp(
  asked: Asked,
  { state: given, params }: z.output<typeof ProviderStateRequest>,
): Promise<ProviderStateSet> {
  const { sandboxes, sandbox_id } = asked;
  const former = (await asked.find(asked)).sandbox;
  const isClean = (given ?? '').trim() === '';
  const snapshots = isClean ? [] : await listSnapshots(asked);
  const state = isClean
    ? CLEAN
    : (findProviderState(given ?? '', { ...params }) ?? findSnapshot(given ?? '', snapshots));
  if (state === undefined) throw refuseUnknown(asked, former, given ?? '', [...PROVIDER_STATES, ...snapshots]);
  const { interaction } = former;
  const isFirst = isClean || interaction.isOver;
  const sandbox = isFirst ? await beginInteraction(asked) : former;
  const { key, apiKey } = await state.set({ sandboxes, sandbox });
  interaction.apiKey = key;
  const live = await asked.find({ sandbox_id });
  if (interaction.isExhausted) await exhaust(live.sandbox, apiKey);
  record(sandbox, `state: ${state.name}`);
  return { api_key: key, organization_id: apiKey.organization_id };
}

/** A clean world is what is there behind the reset. */
const CLEAN: ProviderState = { name: 'none', set: (world) => requireKey(world) };

async function listSnapshots({ sandboxes, sandbox_id }: Asked): Promise<string[]> {
  const names = (await sandboxes.stored.listSnapshots(sandbox_id)).map(({ name }) => name);
  // It is another one with each reset.
  return names.filter((name) => name !== BEFORE_RESET);
}

function findSnapshot(given: string, snapshots: string[]): ProviderState | undefined {
  const name = snapshots.find((one) => one === given) ?? snapshots.find((one) => isSameName(one, given));
  if (name === undefined) return undefined;
  return {
    name,
    set: async ({ sandboxes, sandbox: { sandbox_id } }) => {
      await sandboxes.restore(sandbox_id, name);
      const live = await sandboxes.find(sandbox_id);
      if (live === undefined) throw notFound('the sandbox is gone');
      return requireKey({ sandboxes, sandbox: live.sandbox });
    },
  };
}

/** Back to the state that the sandbox was made with, which is then another {@link Sandbox}. */
async function beginInteraction({ sandboxes, find, sandbox_id }: Asked): Promise<Sandbox> {
  await sandboxes.reset(sandbox_id);
  const { sandbox } = await find({ sandbox_id });
  sandbox.interaction.begin();
  return sandbox;
}

/** Most verifiers show nothing but the status: whoever looks for the reason finds it in the log and in the journal. */
function refuseUnknown({ sandboxes, log }: Asked, sandbox: Sandbox, given: string, known: string[]): RefusalError {
  const shown = redactKeys(given.slice(0, SHOWN_LENGTH));
  const nearest = findNearestName(given, known);
  const advice = nearest === undefined ? '' : `did you mean '${nearest}'? `;
  const hint = `${advice}there are ${known.map((name) => `'${name}'`).join(', ')}`;
  const message = `Unknown provider state '${shown}': ${hint}`;
  log.warn(message);
  record(sandbox, `unknown state: ${shown}`);
  sandboxes.tally?.addUnknownState(shown);
  return notFound(hint, { message, details: { states: known } });
}

function record({ actions, journal }: Sandbox, text: string): void {
  actions.add({ after: journal.lastSeq, text, by: 'POST /pact/provider-states' });
}

/** What is in the query of a request without a body: each member as text, and the params beside the others. */
function readQuery(query: unknown): z.output<typeof ProviderStateRequest> {
  const { state, action, metadata, ...params } = Object(query);
  const { data, issues = [] } = check(ProviderStateRequest, {
    state,
    action,
    params: { ...params, ...(metadata !== undefined && { metadata: readJson(metadata) }) },
  });
  if (data === undefined) throw toInvalidBody(issues);
  return data;
}

/** Where it is not JSON, what is wrong with it is said later. */
function readJson(text: unknown): unknown {
  try {
    return Object(readJsonSeed(`{"metadata":${text}}`).content).metadata;
  } catch {
    return text;
  }
}
