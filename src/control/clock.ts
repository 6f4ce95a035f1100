import * as z from 'zod';
import {
  advanceBy,
  type ClockSetting,
  EARLIEST,
  freezeAt,
  LATEST,
  runFrom,
  timeOf,
  toTimestamp,
} from '../domain/clock.ts';
import { invalidBody } from '../domain/errors.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import { done, type FindSandbox, InSandbox, sentTime, time } from './routes.ts';

/** RFC 3339, in the years 1 to 9999. */
const TIME = /^(?!0000)\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const instant = () => sentTime().meta({ pattern: TIME.source });
/** As far as a clock can be moved at once, in milliseconds. */
const LONGEST = LATEST - EARLIEST;
const ENDS = 'the clock ends with the years 1 and 9999';

const ClockUpdate = z
  .strictObject({
    frozen_at: instant().optional().describe('Freeze it here; either this or running'),
    running: z.literal(true).optional().describe('Let it run, from where it is frozen or from now'),
    now: instant().optional().describe('From where it runs'),
  })
  .refine(({ frozen_at, running }) => (frozen_at === undefined) !== (running === undefined), {
    message: 'expected either frozen_at (a time like 2026-01-01T00:00:00Z) or running (true)',
  })
  .refine(({ running, now }) => now === undefined || running, { path: ['now'], message: 'goes with running only' })
  .meta({
    oneOf: [{ required: ['frozen_at'] }, { required: ['running'] }],
    dependentRequired: { now: ['running'] },
  });
const ClockAdvance = z.strictObject({
  ms: z.number().int().min(-LONGEST, ENDS).max(LONGEST, ENDS).describe('Milliseconds; negative goes back'),
});

const Clock = z
  .strictObject({
    now: time().describe('What clients see: timestamps, key expiry, buckets, the header `Date`'),
    mode: z.enum(['running', 'frozen']),
    offset_ms: integer().nullable().describe('Milliseconds from real time; null while it is frozen'),
  })
  .meta({ id: 'Clock' });

/** `GET` and `PUT …/clock`, `POST …/clock/advance`: the time that clients see, frozen and moved instead of waited for. */
export function addClockRoutes(add: AddRoute, find: FindSandbox): void {
  const tags = ['clock'];
  const response = { 200: done(Clock, { now: '2026-01-01T00:00:00Z', mode: 'frozen', offset_ms: null }) };

  add(
    'GET',
    '/clock',
    { tags, summary: 'The time that clients see', params: InSandbox, response },
    async ({ params }) => {
      const { settings, now } = await find(params);
      return toClockView(settings.clock, now);
    },
  );

  add(
    'PUT',
    '/clock',
    {
      tags,
      summary: 'Freeze the clock, or let it run',
      params: InSandbox,
      body: ClockUpdate,
      toExamples: () => ({
        frozen: { summary: 'Freeze it', value: { frozen_at: '2026-01-01T00:00:00Z' } },
        running: { summary: 'Let it run on', value: { running: true } },
        running_from: { summary: 'Let it run from a time', value: { running: true, now: '2026-01-01T00:00:00Z' } },
      }),
      response,
    },
    async ({ params, body: { frozen_at, now: wanted } }) => {
      const { sandbox } = await find(params);
      const { after, real } = await sandbox.updateSettings((settings, now, realTime) => ({
        ...settings,
        clock: frozen_at === undefined ? runFrom(wanted ?? now, realTime) : freezeAt(frozen_at),
      }));
      return toClockView(after.clock, timeOf(after.clock, real));
    },
  );

  add(
    'POST',
    '/clock/advance',
    {
      tags,
      summary: 'Move the clock by milliseconds',
      params: InSandbox,
      body: ClockAdvance,
      toExamples: () => ({
        forward: { summary: 'A minute on', value: { ms: 60_000 } },
        back: { summary: 'A minute back', value: { ms: -60_000 } },
      }),
      response,
    },
    async ({ params, body }) => {
      const { sandbox } = await find(params);
      const { after, real } = await sandbox.updateSettings((settings, now) => ({
        ...settings,
        clock: advance(settings.clock, now, body.ms),
      }));
      return toClockView(after.clock, timeOf(after.clock, real));
    },
  );
}

function advance(clock: ClockSetting, now: number, ms: number): ClockSetting {
  const then = now + ms;
  if (then >= EARLIEST && then <= LATEST) return advanceBy(clock, ms);
  throw invalidBody([{ type: 'value_error', loc: ['body', 'ms'], msg: ENDS }]);
}

/** What `GET …/clock` answers. */
export type ClockView = z.output<typeof Clock>;

/** The clock as it is answered. @param time that of the sandbox, in milliseconds since 1970 */
export function toClockView({ frozen_at, offset_ms }: ClockSetting, time: number): ClockView {
  const now = toTimestamp(time);
  return frozen_at === null ? { now, mode: 'running', offset_ms } : { now, mode: 'frozen', offset_ms: null };
}
