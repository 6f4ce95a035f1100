import type { TestApp } from './harness.ts';

/** An answer of the control plane or of the API. */
export interface Told {
  status: number;
  text: string;
}

/** A sandbox, as a program of this machine asks for it. */
export interface World {
  sandbox_id: string;
  /** Keys that were seen in plain. */
  keys: string[];
  /** Asks the control plane for what is under the sandbox. */
  tell(method: Method, path: string, text?: string, type?: string): Promise<Told>;
  /** Sends a request to the API. */
  ask(key: string, method?: Method, body?: string | Buffer): Promise<Told>;
  /** The sandbox as a seed file. */
  read(type?: 'json' | 'yaml'): Promise<string>;
  remove(): Promise<void>;
}
type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** Makes a sandbox of a seed, whose keys are kept. */
export async function makeWorld({ app, log }: TestApp, seed: string, apiVersion: string): Promise<World> {
  const inject = async (method: Method, url: string, headers: Record<string, string>, payload?: string | Buffer) => {
    const { statusCode: status, body: text } = await app.inject({ method, url, headers, ...(payload && { payload }) });
    if (status === 500) throw new Error(`an unexpected 500: ${log.join('')}`);
    return { status, text };
  };
  const host = 'localhost:4030';
  const control = (method: Method, path: string, text?: string, type = 'application/json') =>
    inject(method, `/_mock${path}`, { host, ...(method !== 'GET' && { 'content-type': type }) }, text);
  const body = JSON.stringify({ seed, keys: 'as_given', api_version: apiVersion });
  const made = await control('POST', '/sandboxes', body);
  if (made.status !== 201) throw new Error(made.text);
  const [{ sandbox_id, api_keys }] = JSON.parse(made.text).sandboxes;
  const base = `/sandboxes/${sandbox_id}`;
  return {
    sandbox_id,
    keys: Object.values(api_keys),
    tell: (method, path, text, type) => control(method, base + path, text, type),
    ask: (key, method = 'GET', payload) =>
      inject(
        method,
        '/v1/organizations',
        { host, authorization: `Bearer ${key}`, ...(payload && { 'content-type': 'application/json' }) },
        payload,
      ),
    read: async (type = 'json') => {
      const headers = { host, accept: `application/${type}` };
      const { status, text } = await inject('GET', `/_mock${base}/state`, headers);
      if (status !== 200) throw new Error(text);
      return text;
    },
    remove: async () => void (await control('DELETE', base)),
  };
}
