import { startServer } from './server.ts';
import { readOptions } from './settings.ts';

/** Settings of a mock server, the same as those of the command line. */
export interface MockServerOptions {
  /** Port to listen on; 0, the default, takes a free one. */
  port?: number;
  /** Address to listen on. Default `localhost`: 127.0.0.1 and ::1, whichever a client tries. */
  host?: string;
  /** SQLite file that outlives the server. Default `:memory:`, so that every server starts from its seed. */
  db?: string;
  /** YAML or JSON file that says which organizations and keys there are. Default: the built-in seed. */
  seed?: string;
  /** Start over from the seed, for a `db` that has data. */
  reset?: boolean;
  /** Keys that can be used besides: `KEY`, `KEY=permission` or `KEY=permission@organization_id`. No others are generated then. */
  apiKey?: string | string[];
  /** `reject` answers 422 to members that the API does not know, which shows a client's typos. Default `ignore`. */
  unknownFields?: 'ignore' | 'reject';
  /** `enforce` answers 429 beyond the limits of the organization, `off` does not even count. Default `headers`. */
  limits?: 'off' | 'headers' | 'enforce';
  /** A time like `2026-01-01T00:00:00Z` at which the clock stands. Default: real time. */
  clock?: string;
  /** Requests that the journal keeps; 0 for none. Default 1000. */
  journalSize?: number;
  /** `off` removes the control plane under `/_mock`. Default `on`. */
  control?: 'on' | 'off';
  /** What the control plane demands. Default: nothing on loopback, else made up, see {@link MockServer.controlToken}. */
  controlToken?: string;
  /** How long a client may take to send a request: `500ms`, `30s`, `2m`. Default `30s`. */
  requestTimeout?: string;
  /** How long `close()` waits, `/readyz` answering 503, before the server takes no more connections: `5s`. Default `0`. */
  shutdownDelay?: string;
  /** What is logged on standard error. Default `silent`. */
  logLevel?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}

/** A mock server that runs in this process. */
export interface MockServer<Key extends string | undefined = string> {
  /** Where it answers, like `http://localhost:40123`. */
  url: string;
  /**
   * A key for each permission, of the first organization: one of `apiKey`, else one of the seed, else a random one that is
   * gone when the server closes. Where `apiKey` is given none is generated: undefined for a permission that no key has.
   */
  apiKeys: Record<'admin' | 'delete' | 'write' | 'read', Key>;
  /** What the control plane demands as a bearer token; undefined where it demands none. */
  controlToken: string | undefined;
  /** Answers what is in flight, then lets go of port and database. */
  close(): Promise<void>;
}

/**
 * Starts a mock server that shares nothing with any other, also not with one in the same process.
 * @throws an Error whose message says what to do: the port is in use, the seed has a mistake, an option is wrong
 */
export async function createMockServer(options?: MockServerOptions & { apiKey?: undefined }): Promise<MockServer>;
export async function createMockServer(options: MockServerOptions): Promise<MockServer<string | undefined>>;
export async function createMockServer(options: MockServerOptions = {}): Promise<MockServer<string | undefined>> {
  const { port = 0, db = ':memory:', logLevel = 'silent', apiKey, ...rest } = options;
  const config = readOptions({ ...rest, port, db, logLevel, apiKey });
  const { url, findKey, lendKey, controlToken, close } = await startServer(config);
  const keyOf = async (permission: 'admin' | 'delete' | 'write' | 'read') =>
    (await findKey(permission)) ?? (apiKey === undefined ? lendKey(permission) : undefined);
  try {
    const [admin, remove, write, read] = await Promise.all([
      keyOf('admin'),
      keyOf('delete'),
      keyOf('write'),
      keyOf('read'),
    ]);
    return { url, apiKeys: { admin, delete: remove, write, read }, controlToken, close };
  } catch (error) {
    await close();
    throw error;
  }
}
