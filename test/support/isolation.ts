import { expect } from 'vitest';
import { toHttpDate, toTimestamp } from '../../src/domain/clock.ts';
import type { LimitsMode } from '../../src/domain/rate-limiter.ts';
import { limitsOf, type RateLimitCategory, type RateLimitsOverride, type Tiers } from '../../src/domain/rate-limits.ts';
import type { Settings } from '../../src/domain/state.ts';
import { type Ask, buildAsk } from './ask.ts';
import { BucketModel, type Charged } from './bucket-model.ts';
import type { Parsed } from './conformance.ts';
import type { Answer, TestApp } from './harness.ts';

/** Entries that a journal keeps: few, so that they are dropped too. */
export const JOURNAL_SIZE = 6;
/** Every sandbox has an organization of this name: whoever mixes two up finds something. */
export const ORGANIZATION_ID = 'org_same';

/** What `POST /_mock/sandboxes` answers of one, and what all of its batch were made with. */
export interface MadeWorld {
  sandbox_id: string;
  api_keys: Record<string, string>;
  settings: Pick<Settings, 'api_version' | 'unknown_fields' | 'limits' | 'tiers'>;
  now: number;
}

/** Numbers below 1 that follow from a seed (mulberry32). */
export function buildNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a state must be. */
interface World {
  /** As it is answered, without its limits. */
  organization: Record<string, unknown> & { account_type: keyof Tiers };
  override: RateLimitsOverride;
  limits: LimitsMode;
  now: number;
  /** For a moment: times are not known then. */
  isRunning: boolean;
  isRevoked: boolean;
}

type Entry = [seq: number, request_id: string, status: number, api_key_id: string | null];
export type KeyName = 'admin' | 'read';

/** A client of one sandbox, and what that must be by all that the client has sent: every answer is compared with it. */
export class ModelClient {
  readonly made: MadeWorld;
  /** Ids of its keys, by their permission. */
  readonly keyIds = new Map<string, string>();
  readonly buckets = new BucketModel();
  readonly snapshots = new Map<string, World>();
  /** What the API has answered. */
  readonly statuses = new Set<number>();
  world: World;
  private readonly app: TestApp;
  private readonly ask: Ask;
  private journal: Entry[] = [];
  private dropped = 0;
  private sent = 0;

  private constructor(app: TestApp, made: MadeWorld) {
    this.app = app;
    this.ask = buildAsk(app);
    this.made = made;
    const { now, settings } = made;
    const organization = { account_type: 'free' as const };
    this.world = { organization, override: {}, limits: settings.limits, now, isRunning: false, isRevoked: false };
  }

  /** Looks at a sandbox that nobody has used. */
  static async open(app: TestApp, made: MadeWorld): Promise<ModelClient> {
    const client = new ModelClient(app, made);
    const { json } = await client.control('GET', '/api-keys');
    for (const { name, api_key_id } of json.api_keys) client.keyIds.set(name, api_key_id);
    const { answer } = await client.request('admin', 'GET', '/v1/organizations', 200);
    const { rate_limits: _, ...organization } = answer.json;
    client.world.organization = organization;
    client.snapshots.set('initial', structuredClone(client.world));
    return client;
  }

  get limits() {
    return limitsOf(this.made.settings.tiers, {
      account_type: this.world.organization.account_type,
      rate_limits_override: this.world.override,
    });
  }

  /** The organization as it must be answered. */
  get answered(): Parsed {
    return { ...this.world.organization, rate_limits: this.limits };
  }

  /** A text that is in no other sandbox. */
  nextName(): string {
    return `${this.made.sandbox_id} ${this.sent}`;
  }

  /** The organization changes, its limits perhaps. */
  change(members: Record<string, unknown>, override = this.world.override): void {
    const { organization, now } = this.world;
    this.world.organization = { ...organization, ...members, updated_at: toTimestamp(now) };
    this.world.override = override;
    this.buckets.changeLimits(this.limits);
  }

  moveTo(now: number): void {
    this.buckets.pass(now - this.world.now);
    this.world.now = now;
  }

  /** Another state takes the place of what is. */
  goBack(name: string): void {
    const target = this.snapshots.get(name);
    if (target === undefined) throw new Error(`the client has no snapshot ${name}`);
    this.snapshots.set('before-reset', this.world);
    this.world = structuredClone(target);
    this.buckets.forget();
    this.forgetRequests();
  }

  forgetRequests(): number {
    const count = this.journal.length;
    this.journal = [];
    this.dropped = 0;
    return count;
  }

  /** Sends to the control plane of this sandbox. */
  async control(method: Parameters<Ask>[0], path: string, body?: unknown): Promise<Answer> {
    const answer = await this.ask(method, `/${this.made.sandbox_id}${path}`, body);
    if (!this.world.isRunning) expect(answer.headers.date).toBe(toHttpDate(this.world.now));
    return answer;
  }

  /**
   * Sends to the API, and compares all that is said beside the body.
   * @param status unless the bucket or the key refuses it
   */
  async request(
    key: KeyName,
    method: 'GET' | 'PATCH' | 'POST',
    url: string,
    status: number,
    { body, category = 'metadata' }: { body?: unknown; category?: RateLimitCategory } = {},
  ): Promise<{ answer: Answer; isServed: boolean }> {
    this.sent++;
    const { sandbox_id } = this.made;
    const request_id = `${sandbox_id}-${this.sent}`;
    const answer = await this.app.send({
      method,
      url,
      authorization: `Bearer ${this.made.api_keys[key]}`,
      headers: { 'x-request-id': request_id, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
    const isKnown = key !== 'read' || !this.world.isRevoked;
    const charged = isKnown && this.world.limits !== 'off' ? this.charge(key, category) : undefined;
    const isRefused = charged?.isAllowed === false && this.world.limits === 'enforce';
    const expected = !isKnown ? 401 : isRefused ? 429 : status;
    const { date, 'x-request-id': id } = answer.headers;
    this.statuses.add(answer.status);
    expect([answer.status, id, date]).toEqual([expected, request_id, toHttpDate(this.world.now)]);
    this.expectBucket(answer, charged, category);
    if (isRefused) this.expectHint(answer, charged.retryAfter);
    this.journal.push([this.sent, request_id, expected, isKnown ? (this.keyIds.get(key) ?? null) : null]);
    if (this.journal.length > JOURNAL_SIZE) {
      this.journal.shift();
      this.dropped++;
    }
    return { answer, isServed: expected === status };
  }

  charge(key: KeyName, category: RateLimitCategory, count?: number): Charged {
    return this.buckets.charge(this.keyIds.get(key) ?? '', category, this.limits[category], count);
  }

  /** Whoever is refused is told how to move the clock of its own sandbox. */
  expectHint({ headers }: Answer, retryAfter: number): void {
    expect(headers['x-mixpeek-mock-hint']).toBe(
      `wait ${retryAfter} s, or move the clock: POST /_mock/sandboxes/${this.made.sandbox_id}/clock/advance ` +
        `{"ms":${retryAfter * 1000}}; --limits headers never refuses`,
    );
  }

  /** Looks at everything, from the outside and from the inside. */
  async check(): Promise<void> {
    const { answer, isServed } = await this.request('admin', 'GET', '/v1/organizations', 200);
    if (isServed) expect(answer.json).toEqual(this.answered);
    const { json: requests } = await this.control('GET', '/requests');
    expect([requests.requests.map(toEntry), requests.dropped]).toEqual([this.journal, this.dropped]);
    const { json: limits } = await this.control('GET', '/limits');
    const buckets = limits.buckets.map(({ api_key_id, category, limit, remaining }: Parsed) => [
      api_key_id,
      category,
      limit,
      remaining,
    ]);
    // The keys used last come first: which those are is not what this is about.
    const sorted = (rows: unknown[]) => rows.map(String).sort();
    expect([limits.mode, sorted(buckets)]).toEqual([this.world.limits, sorted(this.buckets.list(this.limits))]);
  }

  private expectBucket({ headers }: Answer, charged: Charged | undefined, category: RateLimitCategory): void {
    const names = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];
    const full = charged && Math.ceil((this.world.now + charged.fullIn) / 1000);
    const expected = charged && [this.limits[category], charged.remaining, full].map(String);
    expect(names.map((name) => headers[name])).toEqual(expected ?? [undefined, undefined, undefined]);
  }
}

const toEntry = ({ seq, request_id, status, api_key_id }: Parsed): Entry => [seq, request_id, status, api_key_id];
