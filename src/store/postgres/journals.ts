import { randomUUID } from 'node:crypto';
import { clearInterval, now, setInterval, setTimeout } from '../../domain/real-time.ts';
import { StorageError } from '../errors.ts';
import type { JournalPart, KeptEntry, SharedJournal } from '../runtime.ts';
import type { Connections } from './connections.ts';
import type { Health } from './health.ts';
import { REAL } from './rows.ts';

/** Entries of one reading. */
const ENTRIES = 100;
/** Real milliseconds: between two signs of life, how old the last one of a server may be, and how long the others are waited for. */
const BEAT_MS = 1000;
const ALIVE_MS = 3000;
const SETTLE_MS = 1000;
const LOOK_MS = 10;
/** How long the row of a server is kept that has not ended by itself. */
const FORGOTTEN_MS = 60 * 60_000;

const CHANNEL = 'mixpeek_mock_settle';
const BEAT = `INSERT INTO servers (server_id, beat_at, written_at) VALUES ($1, ${REAL}, $2)
  ON CONFLICT (server_id) DO UPDATE SET beat_at = excluded.beat_at, written_at = excluded.written_at`;

/** The journals of the sandboxes of an engine, and the servers that write them. */
export class Journals {
  private readonly connections: Connections;
  private readonly health: Health;
  private readonly serverId = randomUUID();
  private readonly writers = new Set<() => Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private isBeating = false;
  private isAsked = false;

  constructor(connections: Connections, health: Health) {
    this.connections = connections;
    this.health = health;
  }

  open(sandboxId: string, size: number): SharedJournal {
    return {
      write: (generation, entries) => this.tellMistakes(() => this.write(sandboxId, generation, entries, size)),
      read: (place = '0') => this.read(sandboxId, place),
      empty: () => this.empty(sandboxId),
    };
  }

  /** From now on the others know that this server may have something to write. */
  async begin(): Promise<void> {
    await this.connections.write(`DELETE FROM servers WHERE beat_at < ${REAL} - ${FORGOTTEN_MS}`, []);
    this.timer = setInterval(() => void this.beat(), BEAT_MS).unref();
    this.connections.listen(CHANNEL, () => void this.beat());
    await this.beat();
  }

  onSettle(write: () => Promise<void>): () => void {
    this.writers.add(write);
    return () => this.writers.delete(write);
  }

  async settle(): Promise<boolean> {
    await this.writeAll();
    const [row] = await this.connections.write(`SELECT ${REAL} AS asked_at, pg_notify('${CHANNEL}', '')`, []);
    const until = now() + SETTLE_MS;
    for (;;) {
      const late = await this.connections.read(
        `SELECT server_id FROM servers WHERE server_id <> $1 AND beat_at > ${REAL} - ${ALIVE_MS} AND written_at < $2 LIMIT 1`,
        [this.serverId, String(row?.asked_at)],
      );
      if (late.length === 0) return true;
      if (now() >= until) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    if (this.timer === undefined) return;
    await this.writeAll().catch(() => {});
    await this.connections.write('DELETE FROM servers WHERE server_id = $1', [this.serverId]).catch(() => {});
  }

  /** Writes what was noted until now, and says so. Whoever asks meanwhile is answered by another one. */
  private async beat(): Promise<void> {
    this.isAsked = true;
    if (this.isBeating) return;
    this.isBeating = true;
    try {
      while (this.isAsked) {
        this.isAsked = false;
        const [row] = await this.connections.read(`SELECT ${REAL} AS real`);
        await this.writeAll();
        await this.connections.write(BEAT, [this.serverId, String(row?.real)]);
      }
    } catch (error) {
      // The next one tells the others.
      if (!(error instanceof StorageError)) this.health.tell(`others may take this server for dead: ${error}`);
    } finally {
      this.isBeating = false;
    }
  }

  /** That the engine is gone is said elsewhere. */
  private async tellMistakes(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof StorageError)) this.health.tell(`some requests are missing in a journal: ${error}`);
      throw error;
    }
  }

  private async writeAll(): Promise<void> {
    const done = await Promise.allSettled([...this.writers].map((write) => write()));
    // What is our mistake was told, and is lost: the others need not wait for it.
    for (const one of done) if (one.status === 'rejected' && one.reason instanceof StorageError) throw one.reason;
  }

  private write(sandboxId: string, generation: number, entries: readonly KeptEntry[], size: number): Promise<void> {
    const [fresh, again] = [entries.filter(({ isNew }) => isNew), entries.filter(({ isNew }) => !isNew)];
    return this.connections.transact(async (session) => {
      // Whoever reads a journal waits for nobody's disk.
      await session.query('SET LOCAL synchronous_commit = off');
      // Some may have been kept, and nobody has heard of it. Under the lock of the sandbox: places and numbers are in the order of the commits.
      const [sandbox] = await session.query(
        'SELECT last_seq FROM sandboxes WHERE sandbox_id = $1 AND generation = $2 FOR NO KEY UPDATE',
        [sandboxId, generation],
      );
      if (sandbox === undefined) return;
      const last = Number(sandbox.last_seq) + fresh.length;
      await Promise.all([
        session.query(
          `INSERT INTO journal (sandbox_id, seq, uid, place, entry)
           SELECT $1, $2::bigint + one.nth, one.uid, nextval('places'), one.entry
           FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS one (uid, entry, nth)
           ON CONFLICT (sandbox_id, uid) DO UPDATE SET entry = excluded.entry, place = excluded.place`,
          [sandboxId, String(sandbox.last_seq), fresh.map(({ uid }) => uid), fresh.map(({ text }) => text)],
        ),
        session.query(
          `UPDATE journal SET entry = one.entry, place = nextval('places')
           FROM unnest($2::text[], $3::text[]) AS one (uid, entry) WHERE sandbox_id = $1 AND journal.uid = one.uid`,
          [sandboxId, again.map(({ uid }) => uid), again.map(({ text }) => text)],
        ),
        session.query('UPDATE sandboxes SET last_seq = $2 WHERE sandbox_id = $1', [sandboxId, last]),
        session.query('DELETE FROM journal WHERE sandbox_id = $1 AND seq <= $2', [sandboxId, last - size]),
      ]);
    });
  }

  private async read(sandboxId: string, place: string): Promise<JournalPart | undefined> {
    const entries: JournalPart['entries'] = [];
    for (;;) {
      const rows = await this.connections.read(
        `SELECT s.last_seq, s.journal_start, (SELECT min(seq) FROM journal WHERE sandbox_id = $1) AS first, j.seq, j.place, j.entry
         FROM sandboxes AS s LEFT JOIN LATERAL (
           SELECT seq, place, entry FROM journal WHERE sandbox_id = $1 AND place > $2 ORDER BY place LIMIT ${ENTRIES}
         ) AS j ON true WHERE s.sandbox_id = $1 ORDER BY j.place`,
        [sandboxId, place],
      );
      const [head] = rows;
      if (head === undefined) return undefined;
      for (const { seq, entry, place: next } of rows) {
        if (seq === null) continue;
        entries.push({ seq: Number(seq), text: String(entry) });
        place = String(next);
      }
      if (rows.length === ENTRIES) continue;
      const first = head.first === null ? null : Number(head.first);
      return { entries, place, start: Number(head.journal_start), first, last: Number(head.last_seq) };
    }
  }

  private empty(sandboxId: string): Promise<number> {
    return this.connections.transact(async (session) => {
      await session.query('UPDATE sandboxes SET journal_start = last_seq WHERE sandbox_id = $1', [sandboxId]);
      return (await session.query('DELETE FROM journal WHERE sandbox_id = $1 RETURNING seq', [sandboxId])).length;
    });
  }
}
