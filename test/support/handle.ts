import { onTestFinished } from 'vitest';
import { ControlError, createMockServer, type MockServer, type MockServerOptions, type Seed } from '../../src/index.ts';
import type { Parsed } from './conformance.ts';

export const CLOCK = '2030-01-01T00:00:00Z';

export const SEED: Seed = {
  version: 1,
  organizations: [
    {
      organization_id: 'org_a',
      account_type: 'team',
      metadata: { a: 1 },
      api_keys: [{ key: 'sk_test_a', name: 'ci' }],
    },
    { organization_id: 'org_b' },
  ],
};

/** A server that is closed when the test is done. */
export async function start(options: MockServerOptions & { apiKey?: undefined } = {}): Promise<MockServer> {
  const server = await createMockServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** Who asks the API for an organization. */
export interface Client {
  apiUrl: string;
  apiKey: string;
}

export const send = ({ apiUrl, apiKey }: Client, method: string, body?: object): Promise<Response> =>
  fetch(`${apiUrl}/organizations`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
export const get = (client: Client) => send(client, 'GET');
export const statusOf = async (client: Client) => (await get(client)).status;
export const readJson = async (answer: Promise<Response>): Promise<Parsed> => (await answer).json();
export const rename = async (client: Client, organization_name: string): Promise<string> =>
  (await readJson(send(client, 'PATCH', { organization_name }))).organization_name;
export const nameOf = async (client: Client): Promise<string> => (await readJson(get(client))).organization_name;

/** The error that is thrown. */
export async function failure(work: Promise<unknown>): Promise<ControlError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ControlError) return error;
  throw new Error(`no ControlError: ${error}`);
}
