import type { ApiKey } from '../../domain/api-key.ts';
import { timeOf } from '../../domain/clock.ts';
import { conflict } from '../../domain/errors.ts';
import type { Organization } from '../../domain/organization.ts';
import type { Settings } from '../../domain/state.ts';
import { SandboxGoneError } from '../errors.ts';
import type { Updated, Updater } from '../store.ts';
import type { Session } from './connections.ts';
import type { Keys } from './keys.ts';
import { API_KEYS, lockKeys, ORGANIZATIONS, REAL, writeSettings } from './rows.ts';
import { changeLimits, forgetFaults, moveBack } from './runs.ts';

/** The settings of a sandbox, and its time. */
type Moment = Pick<Updated<unknown>, 'settings' | 'now' | 'real'>;

/**
 * Changes one organization, also where that makes or removes it. Whatever makes or removes something in a sandbox locks the row of
 * the sandbox first, and what it locks further on is in the order of the tables: states, organizations, keys, buckets.
 */
export async function updateOrganization(
  session: Session,
  sandboxId: string,
  organizationId: string,
  change: Updater<Organization | undefined>,
): Promise<Updated<Organization | undefined>> {
  const seen = await ORGANIZATIONS.find(session.query, sandboxId, organizationId);
  const isPlain = seen !== undefined && isKept(change, seen, await requireSandbox(session, sandboxId));
  if (!isPlain) await lockSandbox(session, sandboxId);
  const before = await ORGANIZATIONS.find(session.query, sandboxId, organizationId, true);
  const { settings, now, real } = await requireSandbox(session, sandboxId);
  const after = change(before, now, real);
  // Somebody made or removed it in between.
  if (isPlain && (before === undefined || after === undefined)) await lockSandbox(session, sandboxId);
  const updated = { before, after, settings, now, real };
  if (after === before) return updated;
  if (after === undefined) await removeOrganization(session, sandboxId, organizationId);
  else if (before === undefined) await ORGANIZATIONS.insert(session, sandboxId, [after]);
  else await ORGANIZATIONS.update(session, sandboxId, before, after);
  await changeLimits(session, sandboxId, updated);
  return updated;
}

/** Whether a change leaves an organization there; one that throws does. */
function isKept(change: Updater<Organization | undefined>, seen: Organization, { now, real }: Moment): boolean {
  try {
    return change(seen, now, real) !== undefined;
  } catch {
    return true;
  }
}

export async function updateApiKey(
  session: Session,
  keys: Keys,
  sandboxId: string,
  apiKeyId: string,
  change: Updater<ApiKey | undefined>,
): Promise<Updated<ApiKey | undefined>> {
  await lockSandboxOnly(session, sandboxId);
  const { settings, now, real } = await requireSandbox(session, sandboxId);
  const before = await API_KEYS.find(session.query, sandboxId, apiKeyId);
  const after = change(before, now, real);
  const updated = { before, after, settings, now, real };
  if (after === before) return updated;
  if (after === undefined) {
    await API_KEYS.remove(session, sandboxId, apiKeyId);
    return updated;
  }
  if (before?.key_hash !== after.key_hash) {
    await lockKeys(session, [after]);
    await keys.requireFree(session, sandboxId, [after]);
  }
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
  await lockSandboxOnly(session, sandboxId);
  const { settings: before, now, real } = await requireSandbox(session, sandboxId);
  const after = change(before, now, real);
  if (after !== before) {
    await writeSettings(session, sandboxId, '', after);
    await forgetFaults(session, sandboxId, after.faults);
  }
  const then = timeOf(after.clock, real);
  if (then < now) await moveBack(session, sandboxId, now, then);
  return { before, after, settings: after, now, real };
}

/** A sandbox that nobody else replaces until the transaction ends, nor an organization of it. @returns whether there is one */
export async function lockSandbox(session: Session, sandboxId: string): Promise<boolean> {
  const isThere = await lockSandboxOnly(session, sandboxId);
  await session.query(
    `SELECT organization_id FROM organizations WHERE sandbox_id = $1 AND snapshot = '' ORDER BY organization_id FOR UPDATE`,
    [sandboxId],
  );
  return isThere;
}

/** Whoever does this does so one after another. @returns whether there is such a sandbox */
export async function lockSandboxOnly(session: Session, sandboxId: string): Promise<boolean> {
  const text = 'SELECT sandbox_id FROM sandboxes WHERE sandbox_id = $1 FOR NO KEY UPDATE';
  return (await session.query(text, [sandboxId])).length > 0;
}

/** The settings of a sandbox, and its time. @throws {SandboxGoneError} */
async function requireSandbox(session: Session, sandboxId: string): Promise<Moment> {
  const text = `SELECT settings, ${REAL} AS real FROM states WHERE sandbox_id = $1 AND snapshot = ''`;
  const [row] = await session.query(text, [sandboxId]);
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
  if ((await ORGANIZATIONS.list(session.query, sandboxId, '', 2)).length < 2) {
    throw conflict('The last organization of a sandbox stays', 'make another one first, or delete the sandbox');
  }
  await ORGANIZATIONS.remove(session, sandboxId, organizationId);
}
