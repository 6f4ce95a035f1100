import type { ApiKey } from '../../domain/api-key.ts';
import type { Session } from './connections.ts';
import { API_KEYS, isTaken, ORGANIZATIONS, requireFree } from './rows.ts';

/** A key that is in no table. */
interface LentKey {
  sandboxId: string;
  apiKey: ApiKey;
}

/** Keys that a sandbox has besides those of its state: some are lent by this process, others were granted and stay. */
export class Keys {
  private readonly lent = new Map<string, LentKey>();

  lend(sandboxId: string, apiKey: ApiKey): void {
    this.lent.set(apiKey.key_hash, { sandboxId, apiKey });
  }

  findLent(keyHash: string): LentKey | undefined {
    return this.lent.get(keyHash);
  }

  findLentById(sandboxId: string, apiKeyId: string): ApiKey | undefined {
    for (const { sandboxId: owner, apiKey } of this.lent.values()) {
      if (owner === sandboxId && apiKey.api_key_id === apiKeyId) return apiKey;
    }
    return undefined;
  }

  /** Whoever calls this holds the lock of the keys. @throws the refusal `conflict` for a key that another sandbox has */
  async requireFree(session: Session, sandboxId: string, keys: readonly ApiKey[]): Promise<void> {
    for (const { key_hash, key_prefix } of keys) {
      const lent = this.lent.get(key_hash);
      if (lent !== undefined && lent.sandboxId !== sandboxId) throw isTaken(lent.sandboxId, key_prefix);
    }
    await requireFree(session.query, sandboxId, keys);
  }

  /** One that the sandbox has keeps its id and its name. */
  async grant(session: Session, sandboxId: string, granted: readonly ApiKey[]): Promise<void> {
    await this.requireFree(session, sandboxId, granted);
    for (const apiKey of granted) {
      const { key_hash, organization_id, permissions, status, expires_at } = apiKey;
      const [row] = await session.query(
        `SELECT ${API_KEYS.selected} FROM api_keys WHERE key_hash = $1 AND snapshot = ''`,
        [key_hash],
      );
      if (row === undefined) await API_KEYS.insert(session, sandboxId, [apiKey]);
      else {
        const known = API_KEYS.toValue(row);
        const allowed = { ...known, organization_id, permissions, status, expires_at };
        await API_KEYS.update(session, sandboxId, known, allowed);
      }
      await session.query(
        `UPDATE api_keys SET granted = true WHERE sandbox_id = $1 AND snapshot = '' AND key_hash = $2`,
        [sandboxId, key_hash],
      );
    }
  }

  /**
   * Does what replaces the state of a sandbox. Granted keys stay: those of the first organization are of the one that is the
   * first then, those of another one go with that.
   * @param granted those that are granted besides
   */
  async replace<T>(
    session: Session,
    sandboxId: string,
    granted: readonly ApiKey[],
    work: () => Promise<T>,
  ): Promise<T> {
    const findFirst = async () => (await ORGANIZATIONS.list(session.query, sandboxId, '', 1))[0]?.organization_id;
    const kept = await API_KEYS.list(session.query, sandboxId, '', undefined, 'granted');
    const former = await findFirst();
    const done = await work();
    const first = await findFirst();
    const stay: ApiKey[] = [];
    for (const apiKey of kept) {
      const isThere = await ORGANIZATIONS.find(session.query, sandboxId, apiKey.organization_id);
      if (isThere !== undefined) stay.push(apiKey);
      else if (first !== undefined && apiKey.organization_id === former) {
        stay.push({ ...apiKey, organization_id: first });
      }
    }
    await this.grant(session, sandboxId, [...stay, ...granted]);
    return done;
  }
}
