import { RawClient } from './raw-client.ts';

const CONTROL = '/_mock/sandboxes/default';

/** A client that sends bytes of its own making, each request on a connection of its own. */
export class Session {
  readonly answers: string[] = [];
  private readonly port: number;

  constructor(url: string) {
    this.port = Number(new URL(url).port);
  }

  /** All that comes back until the server closes the connection. */
  async send(bytes: string): Promise<string> {
    const client = await RawClient.open(this.port);
    await client.write(bytes);
    const answer = await client.readToEnd();
    client.socket.destroy();
    this.answers.push(answer);
    return answer;
  }

  /** Of the answer the body, if it is JSON. */
  async ask(method: string, path: string, { key, headers = {}, ...sent }: Sent = {}) {
    const body = sent.body ?? (/^P/.test(method) ? '{}' : undefined);
    const lines = [
      `${method} ${path} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      ...(key === undefined ? [] : [`Authorization: Bearer ${key}`]),
      ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    const answer = await this.send(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
    const [, text = ''] = answer.split('\r\n\r\n');
    return text.startsWith('{') ? JSON.parse(text) : undefined;
  }
}
export interface Sent {
  key?: string;
  body?: string;
  headers?: Record<string, string>;
}

/** All that differs between two runs besides the port, which no request of a session names. README lists it. */
const VARIABLE: Record<string, RegExp> = {
  'started_at and url of info': /(?<="(?:started_at|url)":)"(?:\d{4}-|http:\/\/127\.0\.0\.1:)[^"]*"/g,
  'ms of the journal': /(?<="ms":)[\d.]+/g,
  'expires_at and ttl_left_seconds of a sandbox that expires':
    /(?<="ttl_left_seconds":)\d+(,"expires_at":)"[^"]*"|(?<=\},"expires_at":)"[^"]*"/g,
  'age_seconds of a sandbox': /(?<="age_seconds":)\d+/g,
  'created_at of a snapshot': /(?<="api_keys":\d+,"created_at":)"[^"]*"/g,
};

/** The answer without what differs, and without the Content-Length of one that has any of that. */
export function toComparable(answer: string): string {
  const text = Object.values(VARIABLE).reduce((left, pattern) => left.replace(pattern, '…'), answer);
  return text === answer ? text : text.replace(/(?<=content-length: )\d+/, '…');
}

/** A session that uses everything, one request after another. */
export async function runSession(session: Session): Promise<void> {
  const demo = 'sk_live_abc123def456';
  await session.ask('GET', '/');
  await session.ask('GET', '/_mock/info');
  await session.ask('GET', '/v1/organizations', { key: demo });
  const { sandboxes } = await session.ask('POST', '/_mock/sandboxes', {
    body: '{"count":2,"name":"ci","ttl_seconds":600}',
  });
  const seed = '{"version":1,"organizations":[{"organization_id":"org_s","api_keys":[{"key":"sk_test_s"}]}]}';
  await session.ask('POST', '/_mock/sandboxes', {
    body: `{"seed":${seed},"limits":"enforce","clock":{"offset_ms":0}}`,
  });
  for (const { sandbox_id, api_keys } of sandboxes) {
    const base = `/_mock/sandboxes/${sandbox_id}`;
    const { organization_id } = await session.ask('POST', `${base}/organizations`, { body: '{"account_type":"team"}' });
    const made = await session.ask('POST', `${base}/api-keys`, {
      body: `{"organization_id":"${organization_id}","type":"live"}`,
    });
    await session.ask('GET', '/v1/organizations', { key: made.key });
    await session.ask('PATCH', '/v1/organizations', { key: api_keys.admin, body: '{"metadata":{"n":1.10},"x":1}' });
    await session.ask('PATCH', '/v1/organizations', { key: api_keys.read, body: '{}' });
    await session.ask('PATCH', '/v1/organizations', { key: api_keys.admin, body: '{"metadata":1}' });
    await session.ask('PATCH', '/v1/organizations', { key: api_keys.admin, body: '{' });
    await session.ask('GET', '/v1/namespaces', { key: api_keys.write });
    await session.ask('DELETE', '/v1/organizations', { key: api_keys.write });
    await session.ask('PUT', `${base}/limits`, { body: '{"mode":"enforce"}' });
    const { api_key_id } = made;
    await session.ask('POST', `${base}/limits/spend`, {
      body: `{"api_key_id":"${api_key_id}","category":"metadata","count":"all"}`,
    });
    await session.ask('GET', '/v1/organizations', { key: made.key });
    await session.ask('POST', `${base}/clock/advance`, { body: '{"ms":60000}' });
    await session.ask('PUT', `${base}/snapshots/mine`);
    await session.ask('PATCH', `${base}/api-keys/${api_key_id}`, { body: '{"status":"revoked"}' });
    await session.ask('GET', '/v1/organizations', { key: made.key });
    await session.ask('GET', `${base}/snapshots`);
    await session.ask('GET', `${base}/snapshots/mine/changes`);
    await session.ask('POST', `${base}/snapshots/mine/restore`, { body: '{}' });
    await session.ask('GET', `${base}/requests`);
    await session.ask('GET', `${base}/state`);
    await session.ask('GET', `${base}/state`, { headers: { accept: 'application/yaml' } });
    await session.ask('POST', `${base}/reset`, { body: '{}' });
    await session.ask('GET', `${base}/requests`);
    await session.ask('GET', `${base}`);
  }
  await session.ask('GET', '/v1/organizations', { key: 'sk_test_unknown' });
  await session.ask('GET', '/v1/organizations', { key: 'no key' });
  await session.ask('GET', '/v1/organizations');
  await session.ask('GET', '/v1/organizations', { key: demo, headers: { 'x-request-id': 'mine' } });
  await session.ask('GET', '/nope');
  await session.ask('GET', '/v1/%ff');
  await session.ask('GET', '/_mock/%ff');
  await session.ask('GET', '/_mock/nope');
  await session.ask('DELETE', '/_mock/sandboxes/default');
  await session.ask('GET', '/_mock/sandboxes/nope');
  await session.ask('PUT', '/_mock/sandboxes/mine/state', { body: seed.replace('sk_test_s', 'sk_test_t') });
  await session.ask('PUT', '/_mock/sandboxes/other/state', { body: seed.replace('org_s', 'no id') });
  await session.ask('OPTIONS', '/v1/organizations', {
    headers: { origin: 'http://a.example', 'access-control-request-method': 'PATCH' },
  });
  await session.send('GET /v1/organizations HTTP/1.1\r\nConnection: close\r\n\r\n');
  await session.send('no HTTP\r\n\r\n');
  await session.send('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
  await session.send('GET / HTTP/1.1\r\nHost: x\r\nX: y\x00\r\n\r\n');
  for (const path of [
    '/openapi.json',
    '/docs',
    '/docs/',
    '/docs/static/index.css',
    '/docs/nope',
    '/_mock',
    '/_mock/openapi.json',
  ]) {
    await session.ask('GET', path);
  }
  for (const path of ['/livez', '/readyz', '/v1/health']) await session.ask('GET', path);
  await session.ask('GET', '/_mock/sandboxes');
  await session.ask('POST', '/_mock/sandboxes/delete', { body: JSON.stringify({ ids: [sandboxes[0].sandbox_id] }) });
  await session.ask('POST', `${CONTROL}/reset`);
  await session.ask('GET', `${CONTROL}/requests`);
  await session.ask('POST', '/_mock/sandboxes', { body: '{"count":0}' });
  await session.ask('POST', '/_mock/sandboxes');
}
