import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { HealthConfig } from './settings.ts';

const BETWEEN_TRIES_MS = 100;
/** How long one try may take, in milliseconds. */
const TRY_MS = 2000;

const WHO_ANSWERS = 'is the server running, on this port?';

/** Asks a server for its health, again and again for `wait` milliseconds. The outcome is one line for a person. */
export async function askHealth({ host, port, wait = 0 }: HealthConfig): Promise<{ isHealthy: boolean; line: string }> {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}/v1/health`;
  const deadline = performance.now() + wait;
  for (;;) {
    const problem = await askOnce(url);
    if (problem === undefined) return { isHealthy: true, line: `${url} is healthy` };
    if (performance.now() >= deadline) {
      return { isHealthy: false, line: `${url} is not healthy: ${problem}` };
    }
    await delay(BETWEEN_TRIES_MS);
  }
}

/** What is wrong, or undefined. Not by fetch: it refuses ports such as 6000 that a server may well have. */
async function askOnce(url: string): Promise<string | undefined> {
  try {
    const request = get(url, { signal: AbortSignal.timeout(TRY_MS), agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { status } = (await json(response)) as { status?: unknown };
    if (response.statusCode === 200 && status === 'OK') return undefined;
    if (response.statusCode === 200 && status === 'DEGRADED') return 'it cannot keep changes, its log says why';
    return `it answered ${response.statusCode}; ${WHO_ANSWERS}`;
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code ?? (error as Error).message}; ${WHO_ANSWERS}`;
  }
}
