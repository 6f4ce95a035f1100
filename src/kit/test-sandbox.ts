import type { ControlClient } from './control-client.ts';
import { ControlError } from './control-error.ts';
import type { RecordedRequest } from './fault-models.ts';
import type { Sandbox, SandboxOptions } from './mock-client.ts';

/** What the sandbox of a test is to be, and what becomes of the test. */
export interface TestOptions extends SandboxOptions {
  /** Whether the report of a failed test names the requests that its sandbox received. Default true. */
  report?: boolean;
  /** Whether a request to a path that the mock does not serve (501) fails the test that made it. Default `error`. */
  onUnserved?: 'error' | 'ignore';
}

/** Real seconds after which a sandbox goes that a killed run left. */
export const TTL_SECONDS = 15 * 60;

/** What of the options is about the sandbox itself. */
export function toSandboxOptions({ report: _, onUnserved: __, ...options }: TestOptions): SandboxOptions {
  return { ttlSeconds: TTL_SECONDS, ...options };
}

/** What goes wrong in a test whose requests met no route. */
export class UnservedError extends Error {
  override name = 'UnservedError';
}

/** @throws {UnservedError} where a request met no route */
export async function checkServed(client: ControlClient, { sandboxId }: Sandbox, options: TestOptions): Promise<void> {
  if (options.onUnserved === 'ignore') return;
  const body = { match: { status: 501 }, times: { min: 0 } };
  const path = `/sandboxes/${sandboxId}/requests/verify`;
  const { requests } = await client.call<{ requests: RecordedRequest[] }>('POST', path, body).catch(ignoreGone);
  const unserved = requests.filter(({ fault }) => fault === null);
  if (unserved.length === 0) return;
  const lines = unserved.slice(0, SHOWN).map(({ method, path, hint }) => `\n  ${method} ${path}: ${hint}`);
  throw new UnservedError(`The test asked for what is not served; onUnserved: 'ignore' allows it${lines.join('')}`);
}

/** A test may have closed its sandbox; a journal may be off. */
function ignoreGone(error: unknown): { requests: RecordedRequest[] } {
  if (error instanceof ControlError && [404, 503].includes(error.status ?? 0)) return { requests: [] };
  throw error;
}

/** Where a client does not send what a test looks for. */
const NOTHING =
  '\n\nIts sandbox received no request: does the client use its `apiKey` and `url`, and is `fetch` not a stub?';

/** Requests that a report shows. */
const SHOWN = 20;

/** What a sandbox received, for the report of a failed test: the last requests, a line each; empty where that is not wanted. */
export async function reportRequests(
  client: ControlClient,
  { sandboxId }: Sandbox,
  { report = true }: TestOptions,
): Promise<string> {
  if (!report) return '';
  const path = `/sandboxes/${sandboxId}/requests?order=newest&limit=${SHOWN + 1}`;
  const { requests } = await client.call<{ requests: RecordedRequest[] }>('GET', path);
  if (requests.length === 0) return NOTHING;
  const lines = requests.slice(0, SHOWN).reverse().map(toLine);
  const head = requests.length > SHOWN ? `the last ${SHOWN} requests` : `${requests.length} requests`;
  return `\n\nIts sandbox received ${head.replace(/^1 requests/, '1 request')}:${lines.join('')}`;
}

function toLine({ method, path, status, outcome, hint, changes, fault }: RecordedRequest): string {
  const changed = changes?.map(({ member, before, after }) => `${member}: ${toShort(before)} -> ${toShort(after)}`);
  const facts = [hint, fault && `fault ${fault.id}`, ...(changed ?? [])].filter(Boolean);
  return `\n  ${method} ${path} ${status ?? outcome}${facts.length > 0 ? `  ${facts.join('; ')}` : ''}`;
}

function toShort(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** Adds to what is printed of an error, where that can be changed. */
export function addReport(error: unknown, report: string): void {
  // What vitest keeps of an error has no prototype.
  if (typeof error !== 'object' || error === null || !('message' in error) || report === '') return;
  const { message } = error;
  const { stack } = error as { stack?: unknown };
  set(error, 'message', `${message}${report}`);
  // Some print the stack, in which the message stands.
  if (typeof stack === 'string')
    set(
      error,
      'stack',
      stack.replace(String(message), () => `${message}${report}`),
    );
}

/** The message of a DOMException can only be read, and an object may be frozen. */
function set(error: object, name: string, value: string): void {
  Reflect.defineProperty(error, name, { value, configurable: true, writable: true });
}
