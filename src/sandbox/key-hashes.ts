import { hashApiKey } from '../domain/api-key.ts';

const MAX_HASHES = 10_000;

/** Hashes of keys that clients send again and again; only in memory, and only so many. */
export class KeyHashes {
  private readonly hashes = new Map<string, string>();

  of(key: string): string {
    const known = this.hashes.get(key);
    if (known !== undefined) return known;
    if (this.hashes.size >= MAX_HASHES) this.hashes.clear();
    const hash = hashApiKey(key);
    this.hashes.set(key, hash);
    return hash;
  }
}
