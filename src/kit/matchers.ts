import { now, setTimeout } from '../domain/real-time.ts';
import { ControlError } from './control-error.ts';
import type { RecordedRequest, RequestMatch } from './fault-models.ts';
import type { Sandbox, SandboxControl } from './mock-client.ts';
import type { Organization, RateLimits } from './models.ts';
import { DEFAULT_TIMEOUT_MS } from './received.ts';

/** How many requests are expected, and how long they are waited for. */
export interface ReceivedOptions {
  /** So many exactly, or within bounds. Default: at least 1. */
  times?: number | { min?: number; max?: number };
  /** Real milliseconds. Default 1000; 0 where none is expected. */
  within?: number;
}

/** What an organization is expected to be: its objects as subsets, its lists as a whole. */
export interface OrganizationMatch extends Partial<Omit<Organization, 'rate_limits' | 'tier_limits'>> {
  rate_limits?: Partial<RateLimits>;
  tier_limits?: Partial<RateLimits>;
}

/** What `expect` of vitest and of jest has for a sandbox. */
export interface MixpeekMatchers {
  /** Whether the sandbox received such requests, or receives them soon. Asymmetric matchers may stand anywhere in it. */
  toHaveReceived(match: RequestMatch, options?: ReceivedOptions): Promise<void>;
  /** Whether its first organization is, or becomes, like this. */
  toHaveOrganization(match: OrganizationMatch, options?: { within?: number }): Promise<void>;
}

/** What both frameworks give to a matcher. */
interface MatcherContext {
  isNot?: boolean;
  equals(left: unknown, right: unknown, testers?: unknown[]): boolean;
  utils: {
    iterableEquality: unknown;
    subsetEquality: unknown;
    printExpected(value: unknown): string;
    printReceived(value: unknown): string;
  };
}

interface Verdict {
  pass: boolean;
  message(): string;
}

export const matchers = {
  async toHaveReceived(
    this: MatcherContext,
    sandbox: SandboxControl,
    match: RequestMatch,
    { times, within }: ReceivedOptions = {},
  ): Promise<Verdict> {
    const { isNot = false, utils } = this;
    if (typeof Object(sandbox).waitForRequest !== 'function') throw new Error(`toHaveReceived: ${NO_SANDBOX}`);
    const max = typeof times === 'number' ? times : times?.max;
    const timeout = within ?? (isNot || max === 0 ? 0 : DEFAULT_TIMEOUT_MS);
    const wanted = `such requests: ${utils.printExpected(match)}`;
    try {
      const found = await sandbox.waitForRequest(match, { ...(times !== undefined && { times }), timeout });
      const message = () => `${sandbox.sandboxId} was not to receive ${wanted}${found.map(toLine).join('')}`;
      return { pass: true, message };
    } catch (error) {
      // Anything else is a mistake in the match, or no server.
      if (!isMiss(error)) throw error;
      return { pass: false, message: () => `${sandbox.sandboxId} was to receive ${wanted}\n${toReason(error)}` };
    }
  },

  async toHaveOrganization(
    this: MatcherContext,
    sandbox: Sandbox,
    match: OrganizationMatch,
    { within = this.isNot ? 0 : DEFAULT_TIMEOUT_MS }: { within?: number } = {},
  ): Promise<Verdict> {
    const { equals, utils } = this;
    if (typeof Object(sandbox).organization !== 'function') throw new Error(`toHaveOrganization: ${NO_SANDBOX}`);
    const testers = [utils.iterableEquality, utils.subsetEquality];
    const deadline = now() + within;
    for (let seq = 0; ; ) {
      const organization = await sandbox.organization();
      const found = new Map<string, unknown>(Object.entries(organization));
      const wrong = Object.entries(match).filter(([member, wanted]) => !equals(found.get(member), wanted, testers));
      const timeout = Math.ceil(deadline - now());
      if (wrong.length === 0 || timeout <= 0) {
        const toProblem = ([member, wanted]: [string, unknown]) =>
          `\n  ${member}: expected ${utils.printExpected(wanted)}, found ${utils.printReceived(found.get(member))}`;
        const isNot = `was not to be like ${utils.printExpected(match)}`;
        const problem = wrong.length === 0 ? isNot : `is not as expected:${wrong.map(toProblem).join('')}`;
        return { pass: wrong.length === 0, message: () => `The organization ${sandbox.organizationId} ${problem}` };
      }
      // It changes when a request is answered.
      const answered = sandbox.waitForRequest({}, { after: seq, timeout });
      seq = (await answered.catch(ignoreMiss)).at(-1)?.seq ?? seq;
    }
  },
};

const NO_SANDBOX = 'expect() was given something else than a sandbox: expect(mixpeek).toHave…';

const toReason = ({ message }: ControlError) => message.replace(/^[A-Z]+ \/\S+: 409 /, '');

const toLine = ({ method, path, status, outcome }: RecordedRequest) => `\n  ${method} ${path} ${status ?? outcome}`;

/** Not one that somebody has ended: that says nothing. */
const isMiss = (error: unknown): error is ControlError =>
  error instanceof ControlError && error.status === 409 && !error.message.includes('The wait was ended');

/** Without a journal nobody can say when the next request is answered. */
async function ignoreMiss(error: unknown): Promise<RecordedRequest[]> {
  if (error instanceof ControlError && error.status === 503) await new Promise((resolve) => setTimeout(resolve, 50));
  else if (!isMiss(error)) throw error;
  return [];
}
