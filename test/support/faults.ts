import { expect } from 'vitest';
import { type ControlApp, DEFAULT, startControl } from './control.ts';

export const FAULTS = `${DEFAULT}/faults`;
export const PASSES = 200;

/** An app with these rules, each named by its place. */
export async function startWith(...rules: object[]): Promise<ControlApp> {
  const app = await startControl();
  for (const [index, rule] of rules.entries()) {
    const answer = await app.ask('POST', FAULTS, { id: `flt_${index + 1}`, ...rule });
    expect(answer.status).toBe(201);
  }
  return app;
}

export const statusesOf = async (app: ControlApp, count: number): Promise<number[]> => {
  const statuses: number[] = [];
  for (let n = 0; n < count; n++) statuses.push((await app.get()).status);
  return statuses;
};
export const countsOf = async ({ ask }: ControlApp): Promise<[number, number][]> =>
  (await ask('GET', FAULTS)).json.faults.map(({ matched, fired }: { matched: number; fired: number }) => [
    matched,
    fired,
  ]);
