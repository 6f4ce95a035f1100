import * as z from 'zod';
import { conflict, notFound } from '../domain/errors.ts';
import { type FaultRule, toFaultJson } from '../domain/fault.ts';
import { drawId } from '../domain/random.ts';
import { sendJson } from '../http/envelope.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { FAULT_PRESETS, FaultSeed, MAX_FAULTS } from '../seed/fault.ts';
import { toFaultRule } from '../seed/fault-rule.ts';
import { seedBody } from './members.ts';
import { done, type FindSandbox, GONE, InSandbox, NoMembers, refusal } from './routes.ts';

const InRule = InSandbox.extend({ fault_id: z.string().describe('As the list of the rules has it') });
const FaultChange = z.strictObject({ enabled: z.boolean('expected true or false') });

const Fault = z
  .looseObject({
    id: z.string(),
    matched: integer().describe('Requests that it was asked about and that match'),
    fired: integer().describe('Of these, how often it did something'),
  })
  .describe('A rule with all of its members, and what has become of it since it was made, or since the last reset')
  .meta({ id: 'Fault' });
const Faults = z.strictObject({ faults: z.array(Fault) }).meta({ id: 'Faults' });
/** A rule as `GET …/faults` has it, but for what is written otherwise there. */
export type FaultView = Omit<FaultRule, 'body' | 'expires_at'> & { matched: number; fired: number };
const Presets = z.strictObject({ presets: z.record(z.string(), z.looseObject({})) }).meta({ id: 'FaultPresets' });

const RULE = { id: 'flt_1', name: 'flaky', every: 3, status: 503 };
const FAULT = { ...RULE, matched: 4, fired: 1 };

/** `…/faults`: the rules by which requests fail. */
export function addFaultRoutes(add: AddRoute, find: FindSandbox): void {
  const tags = ['faults'];

  add(
    'GET',
    '/faults',
    {
      tags,
      summary: 'The rules in their order, and how often each fired',
      params: InSandbox,
      response: { 200: done(Faults, { faults: [FAULT] }) },
    },
    async ({ params }, reply) => {
      const { sandbox, settings } = await find(params);
      sendJson(reply, await toListJson(sandbox, settings.faults));
    },
  );

  add(
    'POST',
    '/faults',
    {
      tags,
      summary: 'Add a rule behind the others',
      params: InSandbox,
      body: seedBody(FaultSeed),
      toExamples: () => ({
        flaky: { summary: 'Every third request is refused', value: { preset: 'flaky' } },
        lost_answer: {
          summary: 'The first change is made, but its answer is lost',
          value: { match: { method: 'PATCH' }, after_handler: true, connection: 'reset', times: 1 },
        },
        slow: { summary: 'All answers are late', value: { delay_ms: { uniform: [50, 200] } } },
      }),
      response: { 201: done(Fault, FAULT), 409: refusal(`There are ${MAX_FAULTS} already, or one has the id`) },
    },
    async ({ params, body }, reply) => {
      const { sandbox } = await find(params);
      let rule: FaultRule | undefined;
      await sandbox.updateSettings((settings, now) => {
        const { faults } = settings;
        if (faults.length >= MAX_FAULTS) throw conflict(`There are ${MAX_FAULTS} rules`, 'DELETE some of them first');
        const id = body.id ?? drawId(sandbox.random, 'flt');
        if (faults.some((one) => one.id === id))
          throw conflict(`There is a rule ${id}`, 'DELETE it first, or leave the id out');
        rule = toFaultRule(body, id, now);
        return { ...settings, faults: [...faults, rule] };
      });
      if (rule !== undefined) sendJson(reply.code(201), toFaultViewJson(rule, await sandbox.faults.readCounts()));
    },
  );

  add(
    'DELETE',
    '/faults',
    { tags, summary: 'Remove every rule', params: InSandbox, body: NoMembers, response: { 204: GONE } },
    async ({ params }) => {
      const { sandbox } = await find(params);
      await sandbox.updateSettings((settings) => ({ ...settings, faults: [] }));
    },
  );

  add(
    'PATCH',
    '/faults/:fault_id',
    {
      tags,
      summary: 'Switch a rule on or off; it goes on counting where it was',
      params: InRule,
      body: FaultChange,
      toExamples: ({ fault_id }) =>
        fault_id === undefined ? {} : { off: { summary: 'Switch it off', value: { enabled: false } } },
      response: { 200: done(Fault, FAULT), 404: refusal('No such sandbox, or no such rule') },
    },
    async ({ params, body: { enabled } }, reply) => {
      const { sandbox } = await find(params);
      const { after } = await sandbox.updateSettings((settings) => ({
        ...settings,
        faults: requireRule(settings.faults, params.fault_id).map((rule) =>
          rule.id === params.fault_id ? { ...rule, enabled } : rule,
        ),
      }));
      const changed = after.faults.find(({ id }) => id === params.fault_id);
      if (changed !== undefined) sendJson(reply, toFaultViewJson(changed, await sandbox.faults.readCounts()));
    },
  );

  add(
    'DELETE',
    '/faults/:fault_id',
    {
      tags,
      summary: 'Remove a rule',
      params: InRule,
      body: NoMembers,
      response: { 204: GONE, 404: refusal('No such sandbox, or no such rule') },
    },
    async ({ params }) => {
      const { sandbox } = await find(params);
      await sandbox.updateSettings((settings) => ({
        ...settings,
        faults: requireRule(settings.faults, params.fault_id).filter(({ id }) => id !== params.fault_id),
      }));
    },
  );
}

/** `/fault-presets`: the rules that have names. */
export function addFaultPresetRoute(add: AddRoute): void {
  add(
    'GET',
    '/fault-presets',
    {
      tags: ['info'],
      summary: 'Well-known ways to fail, by their names',
      response: { 200: done(Presets, { presets: { flaky: { every: 3, status: 503 } } }) },
    },
    async () => ({ presets: FAULT_PRESETS }),
  );
}

/** @throws the refusal `not_found` */
function requireRule(rules: FaultRule[], id: string): FaultRule[] {
  if (rules.some((rule) => rule.id === id)) return rules;
  throw notFound('GET …/faults lists the rules that there are');
}

async function toListJson({ faults }: Sandbox, rules: FaultRule[]): Promise<string> {
  const counts = await faults.readCounts();
  return `{"faults":[${rules.map((rule) => toFaultViewJson(rule, counts)).join(',')}]}`;
}

type Counts = Awaited<ReturnType<Sandbox['faults']['readCounts']>>;

/** A rule with what has become of it, as JSON text. */
export function toFaultViewJson(rule: FaultRule, counts: Counts): string {
  const { matched = 0, fired = 0 } = counts.get(rule.id) ?? {};
  return `${toFaultJson(rule).slice(0, -1)},"matched":${matched},"fired":${fired}}`;
}
