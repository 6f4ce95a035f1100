import type { ApiKey } from '../domain/api-key.ts';
import { conflict } from '../domain/errors.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { API_KEY_COLUMNS } from './columns.ts';
import { CURRENT, type Prepare, type StateKey, Table } from './table.ts';

/** Keys of a hash, and the states that have them: a row of a base is not of one that has its own for the key. */
const SEEN_KEYS = `api_keys CROSS JOIN states ON states.state_id = api_keys.state_id OR states.base_id = api_keys.state_id
  WHERE key_hash = ? AND NOT removed AND (states.state_id = api_keys.state_id OR NOT EXISTS (
    SELECT 1 FROM api_keys AS own WHERE own.state_id = states.state_id AND own.api_key_id = api_keys.api_key_id
  ))`;

/** The keys of all states, which of them a flag granted, and whose a key is. */
export class ApiKeyRows extends Table<ApiKey> {
  constructor(prepare: Prepare) {
    super(prepare, 'api_keys', API_KEY_COLUMNS, 'api_key_id');
  }

  /** The key that a sandbox has now. */
  findByHash(keyHash: string): { sandbox_id: string; api_key: ApiKey } | undefined {
    const select = `SELECT sandbox_id, ${this.selected} FROM ${SEEN_KEYS} AND snapshot = '${CURRENT}'`;
    const row = this.prepare(select).get(Buffer.from(keyHash, 'hex'));
    return row && { sandbox_id: String(row.sandbox_id), api_key: this.toValue(row) };
  }

  /**
   * @param lentTo another sandbox that has it in memory
   * @throws the refusal `conflict` where another sandbox has the key, or has it in a snapshot
   */
  requireFree(sandboxId: string, keyHash: string, keyPrefix: string, lentTo?: string): void {
    const select = `SELECT sandbox_id FROM ${SEEN_KEYS} AND snapshot IS NOT NULL AND sandbox_id <> ? LIMIT 1`;
    const owner = lentTo ?? this.prepare(select).get(Buffer.from(keyHash, 'hex'), sandboxId)?.sandbox_id;
    if (owner === undefined) return;
    const advice = owner === DEFAULT_SANDBOX ? 'take it out of there' : `delete ${owner}`;
    throw conflict(
      `The key ${keyPrefix}… belongs to the sandbox ${owner}`,
      `a key belongs to one sandbox, its snapshots included: ${advice}, or let the keys be new ones`,
      { sandbox_id: String(owner), key_prefix: keyPrefix },
    );
  }

  /** @throws the refusal `conflict` where a sandbox has the key already, under another id */
  requireNew({ key_hash }: ApiKey): void {
    const found = this.findByHash(key_hash)?.api_key;
    if (found === undefined) return;
    throw conflict(`The sandbox has the key ${found.key_prefix}…`, `it is ${found.api_key_id}: change that`);
  }

  listGranted({ state_id }: StateKey): ApiKey[] {
    const select = `SELECT ${this.selected} FROM api_keys INDEXED BY api_keys_granted WHERE state_id = ? AND granted = 1 ORDER BY place`;
    return this.prepare(select)
      .all(state_id)
      .map((row) => this.toValue(row));
  }

  /** @param apiKey a key of an organization that the state has, as it is to be then */
  grant(state: StateKey, before: ApiKey | undefined, apiKey: ApiKey): void {
    if (before === undefined && this.has(state, apiKey.api_key_id)) {
      throw conflict(`The sandbox has another key ${apiKey.api_key_id}`, 'change that, or give it another id');
    }
    if (before === undefined) this.insert(state, apiKey);
    else this.update(state, before, apiKey);
    this.makeOwn(state, apiKey.api_key_id);
    const mark = this.prepare('UPDATE api_keys SET granted = 1 WHERE state_id = ? AND api_key_id = ?');
    mark.run(state.state_id, apiKey.api_key_id);
  }

  removeGranted({ state_id, base_id }: StateKey): void {
    const keys = 'api_keys INDEXED BY api_keys_granted';
    const remove = base_id === null ? `DELETE FROM ${keys}` : `UPDATE ${keys} SET removed = 1, granted = 0`;
    this.prepare(`${remove} WHERE state_id = ? AND granted = 1`).run(state_id);
  }
}
