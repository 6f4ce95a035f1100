import type { ApiKey } from '../domain/api-key.ts';

/** Keys that are kept in memory once they were used. */
const MAX_KEYS = 10_000;

export interface FoundKey {
  sandbox_id: string;
  api_key: ApiKey;
}

/** Keys by their SHA-256: those that were read from the database, and those that are lent and stand in none. */
export class KeyCache {
  private readonly read = new Map<string, FoundKey>();
  private readonly lent = new Map<string, FoundKey>();

  get(keyHash: string): FoundKey | undefined {
    return this.read.get(keyHash) ?? this.lent.get(keyHash);
  }

  /** Keeps what was read. */
  set(keyHash: string, found: FoundKey): void {
    const oldest = this.read.size >= MAX_KEYS ? this.read.keys().next().value : undefined;
    if (oldest !== undefined) this.read.delete(oldest);
    this.read.set(keyHash, found);
  }

  /** What was read may have changed. */
  invalidate(): void {
    this.read.clear();
  }

  lend(found: FoundKey): void {
    this.lent.set(found.api_key.key_hash, found);
  }

  findLent(sandboxId: string, apiKeyId: string): ApiKey | undefined {
    const isMeant = ({ sandbox_id, api_key }: FoundKey) => sandbox_id === sandboxId && api_key.api_key_id === apiKeyId;
    return [...this.lent.values()].find(isMeant)?.api_key;
  }
}
