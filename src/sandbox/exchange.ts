import type { Permission } from '../domain/api-key.ts';
import type { Change } from '../domain/organization.ts';
import type { RateLimitCategory } from '../domain/rate-limits.ts';
import { now } from '../domain/real-time.ts';
import type { Journal } from './journal.ts';
import { JournalEntry, toKeptAnswer, toKeptBody } from './journal-entry.ts';
import type { Caller, LiveSandbox } from './sandboxes.ts';

/** What a route says of its requests; nothing at all where none is served. */
export interface RouteConfig {
  /** What a route under /v1 demands of the key; `none` for one that needs no key at all. */
  permission?: Permission | 'none';
  /** The bucket that is charged. */
  category?: RateLimitCategory;
  /** What a 429 calls the operation. */
  api_name?: string;
  /** False keeps a route out of the journal. */
  isJournaled?: boolean;
  /** Asked again and again by machines: a good answer is logged at debug only. */
  isProbe?: boolean;
}

/** One request and what becomes of it: its steps fill it, and the journal keeps it. */
export class Exchange extends JournalEntry {
  readonly route: RouteConfig;
  private journal: Journal | undefined = undefined;
  /** The sandbox that it belongs to, as soon as that is known. */
  live: LiveSandbox | undefined = undefined;
  /** Who sent it, where a key says so. */
  caller: Caller | undefined = undefined;
  /** Why nobody did, for the step that asks for a key. */
  refusal: Error | undefined = undefined;
  /** The body as it was sent; undefined where none was read. */
  bytes: Buffer | undefined = undefined;
  /** What the body says; undefined where it is not JSON. */
  json: unknown = undefined;
  /** Takes the answer, in place of the client. */
  onAnswer: ((text: string) => void) | undefined = undefined;
  private readonly started = now();

  constructor(request_id: string, method: string, url: string, route: RouteConfig) {
    super(request_id, method, url, route.permission === 'none' ? undefined : route.permission);
    this.route = route;
  }

  /** The journal of its sandbox has it from now on. */
  open({ sandbox, now: received_at }: LiveSandbox, rawHeaders: string[]): void {
    this.received_at = received_at;
    this.headers = rawHeaders.join('\n');
    this.journal = sandbox.journal;
    sandbox.journal.begin(this);
  }

  /**
   * The answer is decided. One that is decided after the end never gets out.
   * @param status of it, unless a fault rule names another
   */
  decide(answer: string, status?: number): void {
    if (this.ms !== undefined) {
      this.letGo();
      return;
    }
    this.answer = answer;
    if (status !== undefined) this.decided = status;
    if (this.journal !== undefined) this.keepBody();
    // An answer that fails is decided a second time.
    if (this.seq === 0) this.journal?.number(this);
  }

  /** What the request changed, also when the client was gone by then. */
  change(changes: Change[]): void {
    this.changes = changes;
    if (this.ms !== undefined) this.journal?.count(this);
  }

  /**
   * The response is closed.
   * @param status null where the connection was aborted before the response was out
   * @param hasBody whether the request came with a body
   * @param journal of the sandbox that has the id now, if there is one
   */
  end(status: number | null, hasBody: boolean, journal: Journal | undefined): void {
    const { answer, bytes } = this;
    this.status = status;
    this.answer = status === null || answer === undefined ? undefined : toKeptAnswer(answer);
    this.ms = now() - this.started;
    this.keepBody();
    if (bytes === undefined && hasBody) this.body_bytes = null;
    this.journal?.leave(this);
    // Another sandbox has the id since.
    if (journal !== this.journal) this.seq = 0;
    this.journal = journal;
    journal?.file(this);
    // A step that still works on a request whose client is gone needs them.
    if (status !== null || answer !== undefined) this.letGo();
  }

  private keepBody(): void {
    const { bytes } = this;
    if (bytes === undefined || this.body !== undefined) return;
    this.body = toKeptBody(bytes);
    this.body_bytes = bytes.length;
  }

  /** What the journal keeps holds neither a sandbox, nor a version of an organization, nor what was received. */
  private letGo(): void {
    this.live = undefined;
    this.journal = undefined;
    this.caller = undefined;
    this.refusal = undefined;
    this.bytes = undefined;
    this.json = undefined;
    this.onAnswer = undefined;
  }
}
