import { now } from '../domain/real-time.ts';
import { hasAsymmetric, matchesAsymmetric, toPlain } from './asymmetric.ts';
import { ControlError } from './control-error.ts';
import type { RecordedRequest, RequestMatch } from './fault-models.ts';
import type { SandboxControl, WaitOptions } from './mock-client.ts';

/** Asks the control plane about one sandbox. */
export type CallSandbox = <T>(method: string, path: string, body?: object) => Promise<T>;

interface Verified {
  requests: RecordedRequest[];
  complete: boolean;
}

const INCOMPLETE =
  'the journal no longer has all of them, or they are too long for one answer: start with a larger journalSize, or match fewer';
/** Real milliseconds that a request is waited for. */
export const DEFAULT_TIMEOUT_MS = 1000;

/** What the server waits at most, in milliseconds. */
const MAX_WAIT_MS = 60_000;

/** What a sandbox received, and what it is about to. */
export function buildReceived(
  call: CallSandbox,
  sandboxId: string,
): Pick<SandboxControl, 'requests' | 'waitForRequest'> {
  const refuse = (): never => {
    throw new ControlError(`requests of ${sandboxId}: ${INCOMPLETE}`);
  };
  const verify = (body: object) => call<Verified>('POST', '/requests/verify', body);
  return {
    requests: async (match = {}) => {
      const { requests, complete } = await verify({ match: toPlain({ ...match }), times: { min: 0 } });
      if (!complete) refuse();
      return requests.filter((request) => matchesAsymmetric(match, request));
    },
    waitForRequest: async (match, options = {}) => {
      const { times, timeout = DEFAULT_TIMEOUT_MS, after } = options;
      if (hasAsymmetric(match) || timeout > MAX_WAIT_MS) return waitHere(verify, refuse, match, options);
      return (await verify({ match, times, after, within_ms: timeout }).catch(explainMiss)).requests;
    },
  };
}

/** The server waits for what it can decide; what only a matcher of a test framework can is decided here. */
async function waitHere(
  verify: (body: object) => Promise<Verified>,
  refuse: () => never,
  match: RequestMatch,
  { times = { min: 1 }, timeout = DEFAULT_TIMEOUT_MS, after = 0 }: WaitOptions,
): Promise<RecordedRequest[]> {
  const isExact = typeof times === 'number';
  const { min = 0, max = Number.POSITIVE_INFINITY } = isExact ? { min: times, max: times } : times;
  const deadline = now() + timeout;
  const [found, others]: [RecordedRequest[], RecordedRequest[]] = [[], []];
  let [last, isComplete, isDecided] = [after, true, false];
  while (!isDecided) {
    const within_ms = Math.min(MAX_WAIT_MS, Math.max(0, Math.ceil(deadline - now())));
    const body = { match: toPlain({ ...match }), times: { min: 1 }, after: last, within_ms };
    const { requests, complete } = await verify(body).catch(toNone);
    for (const request of requests) (matchesAsymmetric(match, request) ? found : others).push(request);
    last = requests.at(-1)?.seq ?? last;
    isComplete &&= complete;
    const isEnough =
      found.length > max || (found.length >= min && (max === Number.POSITIVE_INFINITY || (isExact && min > 0)));
    isDecided = isEnough || (requests.length === 0 && within_ms === 0);
  }
  const isRight = found.length >= min && found.length <= max;
  if (!isComplete && (max < Number.POSITIVE_INFINITY || !isRight)) refuse();
  if (isRight) return found;
  const nearest = others
    .slice(-5)
    .map(({ seq, method, path, body }) => `\n  nearest: ${method} ${path} (seq ${seq}): body ${body}`);
  const message = `The requests are not as expected: found ${found.length}, expected ${toCount(min, max)}`;
  throw new ControlError(`${message}${nearest.reverse().join('')}`, 409, { found: found.length });
}

function toCount(min: number, max: number): string {
  if (max === 0) return 'none';
  if (max === Number.POSITIVE_INFINITY) return `at least ${min}`;
  return min === max ? `exactly ${min}` : `${min} to ${max}`;
}

/** No request came in time. */
function toNone(error: unknown): Verified {
  if (error instanceof ControlError && error.status === 409) return { requests: [], complete: true };
  throw error;
}

interface NearMiss {
  seq: number;
  method: string;
  path: string;
  differences: { member: string; wanted: unknown; found: unknown }[];
}

/** Says what came nearest. */
function explainMiss(error: unknown): never {
  if (!(error instanceof ControlError) || error.status !== 409) throw error;
  const nearest = (error.details.nearest ?? []) as NearMiss[];
  const lines = nearest.map(({ seq, method, path, differences }) => {
    const reasons = differences.map(
      ({ member, wanted, found }) => `${member} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`,
    );
    const differs = reasons.length > 0 ? `: ${reasons.join('; ')}` : '';
    return `\n  nearest: ${method} ${path} (seq ${seq})${differs}`;
  });
  const [whole = ''] = error.message.split('; ', 1);
  const said = whole.includes('ended by the end of the sandbox') ? `${whole} (was await forgotten?)` : whole;
  throw new ControlError(`${said}${lines.join('')}`, error.status, error.details);
}
