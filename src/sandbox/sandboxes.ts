import { type ApiKey, hashApiKey } from '../domain/api-key.ts';
import { toMilliseconds } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import { type FoundCaller, type MaybePromise, type Store, whenThere } from '../store/store.ts';
import type { Sandbox } from './sandbox.ts';

/** Who sent a request: the key decides the organization and, with it, the world. */
export interface Caller {
  sandbox: Sandbox;
  apiKey: ApiKey;
  organization: Organization;
}

/** Why a key stands for nobody. A client is not told which it is, but a person is. */
export type KeyProblem = 'unknown' | 'revoked' | 'expired';

const MAX_HASHES = 1000;

/** The sandboxes that are alive. */
export class Sandboxes {
  private readonly store: Store;
  private readonly byId = new Map<string, Sandbox>();
  private readonly hashes = new Map<string, string>();

  constructor(store: Store) {
    this.store = store;
  }

  add(sandbox: Sandbox): void {
    this.byId.set(sandbox.sandbox_id, sandbox);
  }

  find(sandboxId: string): Sandbox | undefined {
    return this.byId.get(sandboxId);
  }

  /** The caller that a key stands for, or why it stands for none. */
  findCaller(key: string): MaybePromise<Caller | KeyProblem> {
    return whenThere(this.store.findCaller(this.hashOf(key)), (found) => this.toCaller(found));
  }

  private toCaller(found: FoundCaller | undefined): Caller | KeyProblem {
    const sandbox = found && this.byId.get(found.sandbox_id);
    if (found === undefined || sandbox === undefined) return 'unknown';
    const { api_key: apiKey, organization } = found;
    if (apiKey.status !== 'active') return apiKey.status;
    return isExpired(apiKey, sandbox.clock.now()) ? 'expired' : { sandbox, apiKey, organization };
  }

  /** A client sends the same key again and again; only in memory, and only so many. */
  private hashOf(key: string): string {
    const known = this.hashes.get(key);
    if (known !== undefined) return known;
    if (this.hashes.size >= MAX_HASHES) this.hashes.clear();
    const hash = hashApiKey(key);
    this.hashes.set(key, hash);
    return hash;
  }
}

const isExpired = (apiKey: ApiKey, now: number) =>
  apiKey.expires_at !== null && toMilliseconds(apiKey.expires_at) <= now;
