import type { ApiKey } from '../../domain/api-key.ts';
import { timeOf } from '../../domain/clock.ts';
import { conflict } from '../../domain/errors.ts';
import type { Organization } from '../../domain/organization.ts';
import type { Settings } from '../../domain/state.ts';
import { SandboxGoneError, type Updated, type Updater } from '../store.ts';
import type { Session } from './connections.ts';
import type { Keys } from './keys.ts';
import { API_KEYS, lockKeys, ORGANIZATIONS, writeSettings } from './rows.ts';
import { changeLimits, moveBack } from './runs.ts';
import { REAL } from './sandbox-rows.ts';

/** Changes one organization, also where that makes or removes it. */
export async function updateOrganization(
  session: Session,
  sandboxId: string,
  organizationId: string,
  change: Updater<Organization | undefined>,
): Promise<Updated<Organization | undefined>> {
  const before = await ORGANIZATIONS.find(session.query, sandboxId, organizationId, true);
  const { settings, now, real } = await requireSandbox(session, sandboxId);
  const after = change(before, now, real);
  const updated = { before, after, settings, now, real };
  if (after === before) return updated;
  if (after === undefined) await removeOrganization(session, sandboxId, organizationId);
  else if (before === undefined) await ORGANIZATIONS.insert(session, sandboxId, [after]);
  else await ORGANIZATIONS.update(session, sandboxId, before, after);
  await changeLimits(session, sandboxId, updated);
  return updated;
}

export async function updateApiKey(
  session: Session,
  keys: Keys,
  sandboxId: string,
  apiKeyId: string,
  change: Updater<ApiKey | undefined>,
): Promise<Updated<ApiKey | undefined>> {
  const { settings, now, real } = await requireSandbox(session, sandboxId);
  const before = await API_KEYS.find(session.query, sandboxId, apiKeyId, true);
  const after = change(before, now, real);
  const updated = { before, after, settings, now, real };
  if (after === before) return updated;
  if (after === undefined) {
    await API_KEYS.remove(session, sandboxId, apiKeyId);
    return updated;
  }
  await lockKeys(session);
  await keys.requireFree(session, sandboxId, [after]);
  if (!(await ORGANIZATIONS.find(session.query, sandboxId, after.organization_id, true))) {
    throw conflict(`There is no organization ${after.organization_id}`, 'name one that there is');
  }
  if (before !== undefined) await API_KEYS.update(session, sandboxId, before, after);
  else {
    await requireNew(session, sandboxId, after);
    await API_KEYS.insert(session, sandboxId, [after]);
  }
  return updated;
}

/** A clock that goes back takes the buckets with it. */
export async function updateSettings(
  session: Session,
  sandboxId: string,
  change: Updater<Settings>,
): Promise<Updated<Settings>> {
  const { settings: before, now, real } = await requireSandbox(session, sandboxId, 'FOR UPDATE');
  const after = change(before, now, real);
  if (after !== before) await writeSettings(session, sandboxId, '', after);
  const then = timeOf(after.clock, real);
  if (then < now) await moveBack(session, sandboxId, now, then);
  return { before, after, settings: after, now, real };
}

/** A sandbox that nobody else replaces until the transaction ends, nor an organization of it. @returns whether there is one */
export async function lockSandbox(session: Session, sandboxId: string): Promise<boolean> {
  const [row] = await session.query('SELECT sandbox_id FROM sandboxes WHERE sandbox_id = $1 FOR UPDATE', [sandboxId]);
  await session.query(
    `SELECT organization_id FROM organizations WHERE sandbox_id = $1 AND snapshot = '' ORDER BY organization_id FOR UPDATE`,
    [sandboxId],
  );
  return row !== undefined;
}

/** The settings of a sandbox, and its time. @throws {SandboxGoneError} */
async function requireSandbox(session: Session, sandboxId: string, lock: '' | 'FOR UPDATE' = '') {
  const [row] = await session.query(
    `SELECT settings, ${REAL} FROM states WHERE sandbox_id = $1 AND snapshot = '' ${lock}`,
    [sandboxId],
  );
  if (row === undefined) throw new SandboxGoneError(sandboxId);
  const settings: Settings = JSON.parse(String(row.settings));
  const real = Number(row.real);
  return { settings, now: timeOf(settings.clock, real), real };
}

/** @throws the refusal `conflict` where a sandbox has the key already, under another id */
async function requireNew(session: Session, sandboxId: string, { key_hash }: ApiKey): Promise<void> {
  const [row] = await session.query(
    `SELECT api_key_id, key_prefix FROM api_keys WHERE sandbox_id = $1 AND snapshot = '' AND key_hash = $2`,
    [sandboxId, key_hash],
  );
  if (row === undefined) return;
  throw conflict(`The sandbox has the key ${row.key_prefix}…`, `it is ${row.api_key_id}: change that`);
}

/** @throws the refusal `conflict` where the sandbox has one organization only */
async function removeOrganization(session: Session, sandboxId: string, organizationId: string): Promise<void> {
  // Two that remove the last two at once would leave none.
  await lockSandbox(session, sandboxId);
  if ((await ORGANIZATIONS.list(session.query, sandboxId, '', 2)).length < 2) {
    throw conflict('The last organization of a sandbox stays', 'make another one first, or delete the sandbox');
  }
  await ORGANIZATIONS.remove(session, sandboxId, organizationId);
}
