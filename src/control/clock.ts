import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import {
  type ClockSetting,
  EARLIEST,
  LATEST,
  normalizeTimestamp,
  type SettableClock,
  toMilliseconds,
  toTimestamp,
} from '../domain/clock.ts';
import { invalidBody } from '../domain/errors.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { describedAs } from './openapi.ts';
import { sandboxOf } from './sandbox-of.ts';

const toTime = (text: string, context: z.core.$RefinementCtx<string>): number => {
  const normalized = normalizeTimestamp(text);
  if (normalized !== undefined) return toMilliseconds(normalized);
  context.addIssue({ code: 'custom', message: 'expected a time like 2026-01-01T00:00:00Z' });
  return z.NEVER;
};
const time = () => z.string().transform(toTime).meta({ format: 'date-time' });

const ClockUpdate = z
  .strictObject({
    frozen_at: time().optional().describe('Let it stand here; either this or running'),
    running: z.literal(true).optional().describe('Let it run on from where it stands, or from now'),
    now: time().optional().describe('From where it runs'),
  })
  .refine(({ frozen_at, running }) => (frozen_at === undefined) !== (running === undefined), {
    message: 'expected either frozen_at (a time like 2026-01-01T00:00:00Z) or running (true)',
  })
  .refine(({ running, now }) => now === undefined || running, { path: ['now'], message: 'goes with running only' });
const ClockAdvance = z.strictObject({ ms: z.number().int().describe('Milliseconds; negative goes back') });

/** `GET` and `PUT …/clock`, `POST …/clock/advance`: the time that clients see, stopped and moved instead of waited for. */
export function addClockRoutes(scope: FastifyInstance): void {
  const control = scope.withTypeProvider<ZodTypeProvider>();

  const describedAsClock = (summary: string) => describedAs({ summary, answer: 'Clock' });

  control.get('/clock', describedAsClock('The time that clients see'), async (request) => toView(sandboxOf(request)));

  control.put(
    '/clock',
    { ...describedAsClock('Let the clock stand or run'), schema: { body: ClockUpdate } },
    async (request) => {
      const sandbox = sandboxOf(request);
      const { frozen_at, now } = request.body;
      const { clock } = sandbox;
      await sandbox.setClock(() =>
        frozen_at === undefined ? clock.runningFrom(now ?? clock.now()) : clock.frozenAt(frozen_at),
      );
      return toView(sandbox);
    },
  );

  control.post(
    '/clock/advance',
    { ...describedAsClock('Move the clock by milliseconds'), schema: { body: ClockAdvance } },
    async (request) => {
      const sandbox = sandboxOf(request);
      await sandbox.setClock(() => advance(sandbox.clock, request.body.ms));
      return toView(sandbox);
    },
  );
}

function advance(clock: SettableClock, ms: number): ClockSetting {
  const then = clock.now() + ms;
  if (then >= EARLIEST && then <= LATEST) return clock.advancedBy(ms);
  throw invalidBody([{ type: 'value_error', loc: ['body', 'ms'], msg: 'the clock ends with the years 1 and 9999' }]);
}

function toView({ clock }: Sandbox) {
  const { frozen_at, offset_ms } = clock.setting;
  return { now: toTimestamp(clock.now()), mode: frozen_at === null ? 'running' : 'frozen', offset_ms };
}
