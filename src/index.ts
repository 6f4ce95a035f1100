import { startServer } from './server.ts';
import { readOptions } from './settings.ts';

/** Requests per minute, by category. */
export interface RateLimits {
  metadata: number;
  data: number;
  search: number;
  upload: number;
  compute: number;
}

/** The body of a PATCH in API 0.81. Absent keeps a value, null takes it back to its default, but for the name, which stays. */
export interface OrganizationUpdateRequest {
  organization_name?: string | null;
  logo_url?: string | null;
  billing_email?: string | null;
  /** Replaced as a whole. */
  metadata?: Record<string, unknown> | null;
  /** Merged into the override, category by category. */
  rate_limits?: Partial<RateLimits> | null;
}

/** The body of a PATCH in API 0.82. Null keeps `notifications_email` and the `nsfw_…` members too. */
export interface OrganizationUpdateRequest082 extends Omit<OrganizationUpdateRequest, 'rate_limits'> {
  notifications_email?: string | null;
  /** Replaces the override as a whole. */
  rate_limit_overrides?: Partial<RateLimits> | null;
  /** Provider: name of a secret. Replaced as a whole. */
  default_llm_credentials?: Record<string, string> | null;
  nsfw_check_enabled?: boolean | null;
  nsfw_fail_closed?: boolean | null;
}

/** What GET and PATCH answer in API 0.81. Times are RFC 3339. */
export interface OrganizationModelResponse {
  organization_id: string;
  organization_name: string;
  logo_url: string | null;
  account_type: 'free' | 'pro' | 'team' | 'enterprise';
  credit_count: number;
  metadata: Record<string, unknown>;
  billing_email: string | null;
  /** Those of the tier, with the override applied. */
  rate_limits: RateLimits;
  auto_billing_enabled: boolean;
  /** Day of the month, 1 to 31. */
  billing_cycle_start: number;
  current_month_usage: number;
  created_at: string;
  updated_at: string;
  users: Record<string, unknown>[] | null;
}

/** What GET and PATCH answer in API 0.82. */
export interface OrganizationModelResponse082 extends OrganizationModelResponse {
  notifications_email: string | null;
  auth_provider_org_id: string | null;
  /** Provider: name of a secret. */
  default_llm_credentials: Record<string, string>;
  api_url: string | null;
}

/** Settings of a mock server: those of the command line. */
export interface MockServerOptions {
  /** Port to listen on; 0, the default, takes a free one. */
  port?: number;
  /** Address to listen on. Default `localhost`: 127.0.0.1 and ::1, whichever a client tries. */
  host?: string;
  /** SQLite file that outlives the server. Default `:memory:`, so that every server starts from its seed. */
  db?: string;
  /** YAML or JSON file that says which organizations and keys there are. Default: the built-in seed. */
  seed?: string;
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
  /** Token that the control plane requires. Default: none on loopback, else generated, see {@link MockServer.controlToken}. */
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
  /** Where it is listening, like `http://localhost:40123`. */
  url: string;
  /**
   * A key for each permission, of the first organization: one of `apiKey`, else one of the seed, else a random one that is
   * gone when the server closes. With `apiKey` none is generated: undefined for a permission that no key has.
   */
  apiKeys: Record<'admin' | 'delete' | 'write' | 'read', Key>;
  /** The bearer token that the control plane requires; undefined if it requires none. */
  controlToken: string | undefined;
  /** Answers the requests in flight, then releases port and database. */
  close(): Promise<void>;
}

/**
 * Starts a mock server that shares nothing with any other, also not with one in the same process.
 * @throws an Error whose message says what to do: the port is in use, the seed has a mistake, an option is invalid
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
