import { ControlClient } from './kit/control-client.ts';
import type { MockClient, OrganizationControl, SandboxControl } from './kit/mock-client.ts';
import type { Permission } from './kit/models.ts';
import { buildOrganizationControl } from './kit/remote-organization.ts';
import { buildControl, buildMockClient, toKeyMembers } from './kit/remote-sandbox.ts';
import type { Seed } from './kit/seed-models.ts';
import { readOptions } from './settings.ts';

export { ControlError } from './kit/control-error.ts';
export type {
  AddedFaultRule,
  ConnectionFault,
  FaultDelay,
  FaultMatch,
  FaultRule,
  RecordedRequest,
  RequestMatch,
} from './kit/fault-models.ts';
export type {
  KeyOptions,
  MockClient,
  OrganizationControl,
  Sandbox,
  SandboxControl,
  SandboxOptions,
  WaitOptions,
} from './kit/mock-client.ts';
export type {
  AccountType,
  ErrorResponse,
  HTTPValidationError,
  Organization,
  OrganizationModelResponse,
  OrganizationModelResponse082,
  OrganizationUpdateRequest,
  OrganizationUpdateRequest082,
  Permission,
  RateLimits,
  ValidationError,
} from './kit/models.ts';
export type { OrganizationUpdate, Seed, SeedApiKey, SeedOrganization, SeedSettings } from './kit/seed-models.ts';

/** Settings of a mock server: those of the command line. */
export interface MockServerOptions {
  /** Port to listen on; 0, the default, takes a free one. */
  port?: number;
  /** Address to listen on. Default `localhost`: 127.0.0.1 and ::1, whichever a client tries. */
  host?: string;
  /** SQLite file that outlives the server. Default `:memory:`, so that every server starts from its seed. */
  db?: string;
  /** Which organizations and keys there are: the content of a seed, or a YAML or JSON file. Default: the built-in seed. */
  seed?: Seed | string;
  /** Start over from the seed, if `db` has data. */
  reset?: boolean;
  /** Keys to allow too: `KEY`, `KEY=permission` or `KEY=permission@organization_id`. No other keys are generated then. */
  apiKey?: string | string[];
  /** `reject` answers 422 to members that the API does not know, which reveals a client's typos. Default: that of `db` or of the seed, else `ignore`. */
  unknownFields?: 'ignore' | 'reject';
  /** Version of the API. Default: that of `db` or of the seed, else `0.81`. */
  apiVersion?: '0.81' | '0.82';
  /** `enforce` answers 429 beyond the limits of the organization, `off` does not even count. Default: that of `db` or of the seed, else `headers`. */
  limits?: 'off' | 'headers' | 'enforce';
  /** A time like `2026-01-01T00:00:00Z` at which the clock is frozen. Default: real time. */
  clock?: string;
  /** Sandboxes that there may be besides `default`. Default 1000. */
  maxSandboxes?: number;
  /** Number from which ids, keys and request ids follow, so that two runs give the same. Default: real chance. */
  randomSeed?: number;
  /** Requests that the journal of each sandbox keeps; 0 for none. Default 1000. */
  journalSize?: number;
  /** `off` removes the control plane under `/_mock`. Default `on`. */
  control?: 'on' | 'off';
  /** `off` removes `GET /metrics`, and nothing is counted for it. Default `on`. */
  metrics?: 'on' | 'off';
  /** Whether a request may ask for a fault in `X-Mixpeek-Mock-Fault`. Default: `on` on loopback, else `off`. */
  faultHeader?: 'on' | 'off';
  /** Token that the control plane requires. Default: none on loopback, else generated, see {@link MockServer.controlToken}. */
  controlToken?: string;
  /** With `db: 'postgres://…'`: how long to wait at the start until it answers: `30s`. Default: not at all. */
  waitForDb?: string;
  /** How long a client may take to send a request: `500ms`, `30s`, `2m`. Default `30s`. */
  requestTimeout?: string;
  /** How long `close()` waits, `/readyz` answering 503, before the server takes no more connections: `5s`. Default `0`. */
  shutdownDelay?: string;
  /** What is logged on standard error. Default `silent`. */
  logLevel?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}

/** A mock server that runs in this process, and its sandbox `default`. */
export interface MockServer<Key extends string | undefined = string>
  extends MockClient,
    SandboxControl,
    OrganizationControl {
  /** The key for admin of {@link MockServer.keys}. */
  apiKey: Key;
  /**
   * A key for each permission, of the first organization: one of the option `apiKey`, else one of the seed, else a random one
   * that is gone when the server closes. With `apiKey` none is generated: undefined for a permission that no key has.
   */
  keys: Record<Permission, Key>;
  /** The same as {@link MockServer.keys}. */
  apiKeys: Record<Permission, Key>;
  /** Variables that clients read. The URLs are the origin, without `/v1`. */
  env: { MIXPEEK_API_KEY: Key; MIXPEEK_BASE_URL: string; MIXPEEK_API_URL: string };
  /** The bearer token that the control plane requires; undefined if it requires none. */
  controlToken: string | undefined;
  /** Answers the requests in flight, then releases port and database. */
  close(): Promise<void>;
}

/**
 * Starts a mock server that shares nothing with any other, also not with one in the same process. With `control: 'off'` it has
 * no sandbox but `default`, and that cannot be reset: what asks for it throws.
 * @throws an Error whose message says what to do: the port is in use, the seed has a mistake, an option is invalid
 */
export async function createMockServer(options?: MockServerOptions & { apiKey?: undefined }): Promise<MockServer>;
export async function createMockServer(options: MockServerOptions): Promise<MockServer<string | undefined>>;
export async function createMockServer(options: MockServerOptions = {}): Promise<MockServer<string | undefined>> {
  const { port = 0, db = ':memory:', logLevel = 'silent', apiKey, ...rest } = options;
  const config = readOptions({ ...rest, port, db, logLevel, apiKey });
  // What a program loads that only asks a running server is less by far.
  const { startServer } = await import('./server.ts');
  const server = await startServer(config);
  const { url, controlToken } = server;
  const client = new ControlClient(url, controlToken, config.control === 'off');
  const close = async () => {
    client.close();
    await server.close();
  };
  const lentKeys: string[] = [];
  const keyOf = async (permission: Permission) => {
    const known = await server.findKey(permission);
    if (known !== undefined || apiKey !== undefined) return known;
    const lent = await server.lendKey(permission);
    lentKeys.push(lent);
    return lent;
  };
  try {
    const [admin, remove, write, read] = await Promise.all([
      keyOf('admin'),
      keyOf('delete'),
      keyOf('write'),
      keyOf('read'),
    ]);
    const keys = { admin, delete: remove, write, read };
    return {
      controlToken,
      apiKeys: keys,
      ...toKeyMembers(url, keys),
      ...buildOrganizationControl(client, 'default', await server.findOrganizationId()),
      ...buildControl(client, 'default', lentKeys),
      ...buildMockClient(client),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
