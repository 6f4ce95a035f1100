import { readFile } from 'node:fs/promises';
import type { ControlClient } from './control-client.ts';
import { ControlError } from './control-error.ts';
import type { AddedFaultRule } from './fault-models.ts';
import type { MockClient, Sandbox, SandboxControl, SandboxOptions } from './mock-client.ts';
import type { Permission } from './models.ts';
import { buildReceived } from './received.ts';
import { buildOrganizationControl } from './remote-organization.ts';
import type { Seed } from './seed-models.ts';

/** A sandbox as the control plane answers its making. */
interface MadeSandbox {
  sandbox_id: string;
  organization_id: string;
  api_keys: Record<Permission, string>;
}

interface Made {
  sandboxes: MadeSandbox[];
}

/** The most that one request makes. */
const AT_ONCE = 100;
const CATEGORIES = ['metadata', 'data', 'search', 'upload', 'compute'] as const;

/** The sandboxes of a server, by its control plane. */
export function buildMockClient(client: ControlClient): MockClient {
  const createSandboxes = async (count: number, options: SandboxOptions = {}): Promise<Sandbox[]> => {
    const body = await toBody(options);
    const made: MadeSandbox[] = [];
    do {
      const wanted = Math.min(AT_ONCE, count - made.length);
      try {
        made.push(...(await client.call<Made>('POST', '/sandboxes', { count: wanted, ...body })).sandboxes);
      } catch (error) {
        // All of them or none.
        const ids = made.map(({ sandbox_id }) => sandbox_id);
        if (ids.length > 0) await client.call('POST', '/sandboxes/delete', { ids });
        throw error;
      }
    } while (made.length < count);
    return made.map((one) => toSandbox(client, one));
  };
  return {
    createSandboxes,
    createSandbox: async (options) => {
      const [sandbox] = await createSandboxes(1, options);
      if (sandbox === undefined) throw new Error('one was asked for');
      return sandbox;
    },
    sandbox: (id) => {
      const close = () => remove(client, id);
      return { ...buildControl(client, id), close, [Symbol.asyncDispose]: close };
    },
  };
}

/**
 * What a sandbox of this id can be asked to do.
 * @param lentKeys those that it takes, but does not list
 */
export function buildControl(
  client: ControlClient,
  sandboxId: string,
  lentKeys: readonly string[] = [],
): Omit<SandboxControl, typeof Symbol.asyncDispose> {
  const base = `/sandboxes/${encodeURIComponent(sandboxId)}`;
  const call = <T = void>(method: string, path: string, body?: object): Promise<T> =>
    client.call<T>(method, `${base}${path}`, body);
  const tell = async (method: string, path: string, body?: object): Promise<void> =>
    void (await call(method, path, body));
  const toTime = (time: string | Date) => (typeof time === 'string' ? time : time.toISOString());
  const snapshotPath = (name: string) => `/snapshots/${encodeURIComponent(name)}`;
  const readNow = async () => (await call<{ now: string }>('GET', '/clock')).now;
  return {
    sandboxId,
    url: client.url,
    baseUrl: client.url,
    apiUrl: `${client.url}/v1`,
    reset: () => tell('POST', '/reset'),
    state: () => call<Seed>('GET', '/state'),
    snapshot: (name) => tell('PUT', snapshotPath(name)),
    restore: (name) => tell('POST', `${snapshotPath(name)}/restore`),
    clock: {
      now: async () => new Date(await readNow()),
      freeze: async (at) => tell('PUT', '/clock', { frozen_at: at === undefined ? await readNow() : toTime(at) }),
      advance: (ms) => tell('POST', '/clock/advance', { ms }),
      run: (from) => tell('PUT', '/clock', { running: true, ...(from !== undefined && { now: toTime(from) }) }),
    },
    limits: {
      enforce: () => tell('PUT', '/limits', { mode: 'enforce' }),
      exhaust: async (category) => {
        const spendAll = async (key: { api_key: string } | { api_key_id: string }) => {
          for (const one of category === undefined ? CATEGORIES : [category]) {
            await tell('POST', '/limits/spend', { ...key, category: one, count: 'all' });
          }
        };
        for await (const api_key_id of listApiKeyIds(call)) await spendAll({ api_key_id });
        for (const api_key of lentKeys) await spendAll({ api_key }).catch(ignoreUnknown);
      },
      refill: () => tell('POST', '/limits/refill'),
    },
    ...buildReceived(call, sandboxId),
    faults: {
      add: (rule) => call<AddedFaultRule>('POST', '/faults', rule),
      list: async () => (await call<{ faults: AddedFaultRule[] }>('GET', '/faults')).faults,
      remove: (id) => tell('DELETE', `/faults/${encodeURIComponent(id)}`),
      clear: () => tell('DELETE', '/faults'),
    },
  };
}

/** A key that is lent goes with its organization. */
function ignoreUnknown(error: unknown): void {
  if (!(error instanceof ControlError) || error.status !== 422) throw error;
}

type Call = <T>(method: string, path: string) => Promise<T>;

async function* listApiKeyIds(call: Call): AsyncGenerator<string> {
  for (let cursor: number | null = 0; cursor !== null; ) {
    type Page = { api_keys: { api_key_id: string }[]; next: number | null };
    const page: Page = await call<Page>('GET', `/api-keys?cursor=${cursor}`);
    for (const { api_key_id } of page.api_keys) yield api_key_id;
    cursor = page.next;
  }
}

function toSandbox(client: ControlClient, { sandbox_id, organization_id, api_keys }: MadeSandbox): Sandbox {
  const close = () => remove(client, sandbox_id);
  return {
    ...buildControl(client, sandbox_id),
    ...buildOrganizationControl(client, sandbox_id, organization_id),
    ...toKeyMembers(client.url, api_keys),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What a sandbox has whose keys are known. */
export const toKeyMembers = <Key extends string | undefined>(url: string, keys: Record<Permission, Key>) => ({
  apiKey: keys.admin,
  keys,
  env: { MIXPEEK_API_KEY: keys.admin, MIXPEEK_BASE_URL: url, MIXPEEK_API_URL: url },
});

/** One that is gone already does not matter. */
const remove = (client: ControlClient, id: string): Promise<void> =>
  client.call('POST', '/sandboxes/delete', { ids: [id] });

/** The member of the body for each option. */
const MEMBERS: Record<keyof SandboxOptions, string> = {
  name: 'name',
  accountType: 'account_type',
  seed: 'seed',
  keys: 'keys',
  clock: 'clock',
  limits: 'limits',
  apiVersion: 'api_version',
  unknownFields: 'unknown_fields',
  faults: 'faults',
  ttlSeconds: 'ttl_seconds',
};

async function toBody(options: SandboxOptions): Promise<Record<string, unknown>> {
  const members = new Map(Object.entries(MEMBERS));
  const body: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(options)) {
    const member = members.get(option);
    if (member === undefined) {
      throw new ControlError(`unknown option ${option}; there are ${[...members.keys()].join(', ')}`);
    }
    body[member] = option === 'seed' && typeof value === 'string' ? await readSeed(value) : value;
  }
  return body;
}

async function readSeed(file: string): Promise<string> {
  if (file.includes('\n'))
    throw new ControlError('seed: a string is the path of a file; give its content as an object');
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code ?? message})`;
    throw new ControlError(`${file}: ${problem}`);
  }
}
