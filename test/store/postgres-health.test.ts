import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/store/errors.ts';
import type { Connections, Row } from '../../src/store/postgres/connections.ts';
import { Health } from '../../src/store/postgres/health.ts';

/** The health of an engine that answers so, with what is reported. */
function buildHealth(answer: () => Promise<Row[]>) {
  const reports: string[] = [];
  const health = new Health({ read: answer } as unknown as Connections, (level, text) => {
    reports.push(`${level} ${text}`);
  });
  return { health, reports };
}

describe('the health of an engine', () => {
  it.each<[string, () => Promise<Row[]>, boolean]>([
    ['that takes changes is good', async () => [{ is_read_only: false }], true],
    ['that takes none is not', async () => [{ is_read_only: true }], false],
    ['that does not answer is not', () => Promise.reject(new StorageError('gone')), false],
  ])('%s', async (_name, answer, isGood) => {
    expect(await buildHealth(answer).health.isReady()).toBe(isGood);
  });

  it('is asked for once where many ask', async () => {
    let asked = 0;
    const { health } = buildHealth(async () => {
      asked++;
      return [{ is_read_only: false }];
    });
    expect(await Promise.all([health.isReady(), health.isReady(), health.isReady()])).toEqual([true, true, true]);
    expect(asked).toBe(1);
  });

  it('is reported once when it is lost, and once when it is back', async () => {
    const { health, reports } = buildHealth(async () => []);
    const work = (error?: Error) => health.watch(async () => (error === undefined ? 'done' : Promise.reject(error)));
    expect(await work()).toBe('done');
    for (const error of [new StorageError('gone'), new StorageError('gone again'), new Error('of this program')]) {
      await expect(work(error)).rejects.toBe(error);
    }
    await Promise.all([work(), work()]);
    expect(reports).toEqual(['error gone', 'info the database answers again']);
    await work(new StorageError('gone once more')).catch(() => {});
    expect(reports.at(-1)).toBe('error gone once more');
  });
});
