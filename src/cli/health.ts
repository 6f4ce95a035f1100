import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../domain/errors.ts';
import { toUrl } from '../domain/text.ts';
import type { HealthConfig } from '../settings.ts';

const BETWEEN_TRIES_MS = 100;
/** How long one try may take, in milliseconds. */
const TRY_MS = 2000;

const WHO_ANSWERS = 'is the server running, on this port?';

/** Asks a server for its health, repeatedly for up to `wait` milliseconds. The outcome is one line for a person. */
export async function askHealth({ host, port, wait = 0 }: HealthConfig): Promise<{ isHealthy: boolean; line: string }> {
  const url = `${toUrl(host, port)}/v1/health`;
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

/** What is wrong, if anything. Not by fetch, which refuses ports such as 6000 that a server may well have. */
async function askOnce(url: string): Promise<string | undefined> {
  try {
    const request = get(url, { signal: AbortSignal.timeout(TRY_MS), agent: false });
    const response: IncomingMessage = (await once(request, 'response'))[0];
    const { status }: { status?: unknown } = JSON.parse(await text(response));
    if (response.statusCode === 200 && status === 'OK') return undefined;
    if (response.statusCode === 200 && status === 'DEGRADED') return 'it cannot store changes; its log says why';
    return `it answered ${response.statusCode}; ${WHO_ANSWERS}`;
  } catch (error) {
    return `${codeOf(error)}; ${WHO_ANSWERS}`;
  }
}
