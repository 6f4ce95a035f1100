import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMockServer } from '../../src/index.ts';
import { Journal } from '../../src/sandbox/journal.ts';
import { JournalEntry, toEntryJson } from '../../src/sandbox/journal-entry.ts';
import { Journals } from '../../src/sandbox/journals.ts';
import { ACME, ADMIN, buildTestApp, type TestApp } from '../support/harness.ts';

const URL_OF_REQUESTS = '/_mock/sandboxes/default/requests';

/** Of an entry as it is shown. */
type Headers = Record<string, string>;

function open(journal: Journal, headers: string): JournalEntry {
  const exchange = Object.assign(new JournalEntry('r', 'PATCH', ''), { headers });
  journal.file(exchange);
  return exchange;
}

const read = async ({ send }: TestApp, query = '') => {
  const answer = await send({
    method: 'GET',
    url: `${URL_OF_REQUESTS}${query}`,
    authorization: null,
    headers: { host: 'localhost' },
  });
  return answer;
};

describe('an entry', () => {
  it('holds the hint of its answer, also of one that a fault sends', async () => {
    const app = await buildTestApp();
    await app.patch('{"organizationName":"New"}');
    await app.patch('{"rate_limits":{"search":0}}');
    await app.send({
      method: 'GET',
      url: '/v1/sk_test_secret_of_ours',
      authorization: 'Bearer sk_test_secret_of_ours',
    });
    await app.patch('{}', { headers: { 'x-mixpeek-mock-fault': 'status=503' } });
    const { json } = await read(app);
    expect(json.requests.map(({ hint }: { hint: string }) => hint)).toEqual([
      'ignored: organizationName (did you mean organization_name?)',
      'rate_limits.search: must be an integer from 1 to 9007199254740991',
      expect.stringMatching(/^this server does not know|sk_test_se\.\.\./),
      expect.stringContaining('fault'),
    ]);
  });

  it('holds what was sent, what was answered, what it cost and what it changed', async () => {
    const app = await buildTestApp();
    const body = '{"metadata":{"id":12345678901234567890},"rate_limits":{"search":5},"logo_url":null}';
    const answer = await app.patch(body, {
      url: '/v1/organizations?a=b&c?d',
      headers: { 'x-request-id': 'mine', 'x-mine': 'yes', constructor: 'no word of ours' },
    });
    const { text, json } = await read(app);
    expect(json).toMatchObject({ next: null, dropped: 0 });
    expect(json.requests).toHaveLength(1);
    const [{ ms, headers, api_key_id, ...entry }] = json.requests;
    expect(entry).toEqual({
      seq: 1,
      request_id: 'mine',
      received_at: '2026-01-01T00:00:00Z',
      method: 'PATCH',
      path: '/v1/organizations',
      query: 'a=b&c?d',
      body,
      body_bytes: body.length,
      organization_id: 'org_demo123',
      status: 200,
      outcome: 'answered',
      answer: answer.text,
      bucket: { category: 'metadata', limit: 100, remaining: 99 },
      changes: [
        { member: 'metadata', before: {}, after: expect.anything() },
        { member: 'rate_limits', before: ACME.rate_limits, after: { ...ACME.rate_limits, search: 5 } },
      ],
      hint: null,
      fault: null,
    });
    expect(text).toContain('"changes":[{"member":"metadata","before":{},"after":{"id":12345678901234567890}}');
    expect(headers).toMatchObject({
      authorization: 'Bearer sk_test_xy…',
      'x-mine': 'yes',
      constructor: 'no word of ours',
    });
    expect([typeof ms, api_key_id]).toEqual(['number', expect.stringMatching(/^key_[0-9a-f]{24}$/)]);
  });

  it('is there for what was refused too, and for no request of health, documents or the control plane', async () => {
    const app = await buildTestApp();
    await app.patch('{', { authorization: 'Bearer x' });
    await app.patch('{');
    await app.get({ url: '/v1/nope' });
    await app.get({ url: '/nope', authorization: null });
    await app.get({ url: '/v1/health' });
    await app.get({ url: '/openapi.json' });
    const { json } = await read(app);
    const rows = json.requests.map((entry: Record<string, unknown>) => [
      entry.path,
      entry.status,
      entry.changes,
      entry.body,
    ]);
    expect(rows).toEqual([
      ['/v1/organizations', 401, null, null],
      ['/v1/organizations', 422, null, '{'],
      ['/v1/nope', 501, null, null],
      ['/nope', 404, null, null],
    ]);
  });

  it('holds no whole key, wherever one was sent', async () => {
    const app = await buildTestApp();
    const secret = 'sk_live_secretsecret1';
    const escaped = secret.replace('s', '\\u0073');
    await app.get({ authorization: `Bearer ${secret}` });
    await app.get({
      authorization: secret,
      headers: { 'x-key': secret, cookie: `key=${secret}`, 'x-request-id': secret },
    });
    await app.get({ url: `/v1/${secret}?key=${secret}&k=sk%5Flive%5Fsecretsecret1` });
    await app.patch(
      `{"organization_name":"${secret}","metadata":{"${secret}":"${escaped}"},"logo_url":"x ${secret} y"}`,
    );
    await app.patch(`{"organization_name":"${secret}`);
    await app.get({ authorization: `Bearer sk_live_${secret}` });
    await app.get({ authorization: `Basic ${Buffer.from(`${secret}:`).toString('base64')}` });
    await app.get({ authorization: `Basic\t${Buffer.from(secret).toString('base64')}` });
    await app.get({ authorization: `Bearer ${Buffer.from(secret).toString('base64')}` });
    await app.get({ authorization: Buffer.from(secret).toString('base64') });
    const wide = Buffer.from(`{"metadata":{"k":"${secret}"}}`, 'utf16le');
    await app.patch(wide);
    await app.patch(Buffer.concat([Buffer.from([0xff, 0xfe]), wide]));
    await app.patch(Buffer.concat([wide, Buffer.from('\n')]));
    const { requests } = (await read(app)).json;
    expect(requests.slice(-7).map(({ headers }: JournalEntry) => (headers as never as Headers).authorization)).toEqual([
      'Basic …',
      'Basic …',
      'Bearer …',
      '…',
      ...Array(3).fill('Bearer sk_test_xy…'),
    ]);
    expect(requests.slice(-3).map(({ status }: JournalEntry) => status)).toEqual([200, 400, 400]);
    for (const query of ['', '/1', `?request_id=${secret}`]) {
      const { text } = await read(app, query);
      expect(text).toContain('sk_');
      expect(text.replaceAll('\\u0000', '')).not.toContain('secretsecret1');
      expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, -2));
    }
    expect(app.log.join('')).not.toContain('secretsecret1');
  });

  it('says when a body was not read, and how long one was', async () => {
    const app = await buildTestApp();
    await app.patch('{"logo_url":"x"}', { authorization: null });
    await app.patch('{"logo_url":"x"}');
    await app.get();
    const { requests } = (await read(app)).json;
    const rows = requests.map(({ body, body_bytes }: JournalEntry) => [body, body_bytes]);
    expect(rows).toEqual([
      [null, null],
      ['{"logo_url":"x"}', 16],
      [null, 0],
    ]);
  });

  const PREFLIGHT = { origin: 'http://a.example', 'access-control-request-method': 'PATCH' };

  it('is there for a preflight, and for a body that is too large wherever it was sent', async () => {
    const app = await buildTestApp();
    await app.send({ method: 'OPTIONS', url: '/v1/organizations', headers: PREFLIGHT });
    await app.send({ method: 'POST', url: '/nope', payload: Buffer.alloc(2 * 1024 * 1024), authorization: null });
    const { requests } = (await read(app)).json;
    expect(requests.map(({ method, status }: JournalEntry) => [method, status])).toEqual([
      ['OPTIONS', 204],
      ['POST', 404],
    ]);
  });
});

describe('the journal', () => {
  it('is read in pages, by filters, by id, and emptied', async () => {
    const app = await buildTestApp();
    for (let call = 0; call < 5; call++) {
      await app.advance(1000);
      await app.get(call % 2 === 0 ? {} : { url: '/v1/x' });
    }
    const seqs = async (query: string) => (await read(app, query)).json.requests.map(({ seq }: JournalEntry) => seq);
    expect((await read(app, '?limit=2')).json).toMatchObject({ requests: [{ seq: 1 }, { seq: 2 }], next: 2 });
    expect((await read(app, '?limit=2&cursor=4')).json).toMatchObject({ requests: [{ seq: 5 }], next: null });
    expect(await seqs('?status=501')).toEqual([2, 4]);
    expect(await seqs('?path=/v1/x&method=get')).toEqual([2, 4]);
    expect(await seqs('?organization_id=org_demo123&since=2026-01-01T00:00:04Z')).toEqual([4, 5]);
    expect(await seqs('?request_id=none')).toEqual([]);
    const { request_id } = (await read(app, '/3')).json;
    expect((await read(app, `/${request_id}`)).json.seq).toBe(3);
    expect((await read(app, '/99')).status).toBe(404);
    for (const wrong of ['?limit=0', '?limit=1001', '?status=x', '?since=soon', '?nonsense=1']) {
      expect((await read(app, wrong)).status).toBe(400);
    }
    expect((await read(app, '?limit=1000')).json.requests).toHaveLength(5);
    const headers = { host: 'localhost', 'content-type': 'application/json' };
    const deleted = await app.send({ method: 'DELETE', url: URL_OF_REQUESTS, authorization: null, headers });
    expect(deleted.json).toEqual({ deleted: 5 });
    expect((await read(app)).json).toEqual({ requests: [], next: null, dropped: 0 });
  });

  it('keeps the newest and counts what it dropped; 0 keeps none', async () => {
    const app = await buildTestApp({ journalSize: 3 });
    for (let call = 0; call < 5; call++) await app.get();
    expect((await read(app)).json).toMatchObject({ requests: [{ seq: 3 }, { seq: 4 }, { seq: 5 }], dropped: 2 });
    const without = await buildTestApp({ journalSize: 0 });
    await without.get();
    expect((await read(without)).json).toEqual({ requests: [], next: null, dropped: 0 });
  });

  it('counts what it dropped anew once it was emptied', async () => {
    const app = await buildTestApp({ journalSize: 2 });
    for (let call = 0; call < 5; call++) await app.get();
    expect((await read(app)).json.dropped).toBe(3);
    const headers = { host: 'localhost', 'content-type': 'application/json' };
    await app.send({ method: 'DELETE', url: URL_OF_REQUESTS, authorization: null, headers });
    expect((await read(app)).json).toEqual({ requests: [], next: null, dropped: 0 });
    for (let call = 0; call < 2; call++) await app.get();
    expect((await read(app)).json).toMatchObject({ requests: [{ seq: 6 }, { seq: 7 }], dropped: 0 });
  });

  it('is there for a URL that cannot be decoded', async () => {
    const app = await buildTestApp();
    const { text } = await app.get({ url: '/v1/%zz?a=b' });
    await app.get({ url: '/_mock/%zz' });
    const { requests } = (await read(app)).json;
    expect(requests).toMatchObject([{ path: '/v1/%zz', query: 'a=b', status: 400, outcome: 'answered', answer: text }]);
    expect(app.log.join('')).toContain('"path":"/v1/%zz","status":400');
  });

  it('is found by a request id as long as they may be', async () => {
    const app = await buildTestApp();
    const id = 'x'.repeat(128);
    await app.get({ headers: { 'x-request-id': id } });
    const answer = await app.send({
      method: 'GET',
      url: `${URL_OF_REQUESTS}/${id}`,
      authorization: null,
      headers: { host: 'localhost' },
    });
    expect([answer.status, answer.json.request_id]).toEqual([200, id]);
  });

  it('is bounded in bytes: of a thousand large requests the newest 64 MiB are kept, each cut to 64 KiB', () => {
    const journal = new Journal(100_000, new Journals());
    for (let call = 0; call < 2000; call++) {
      const entry = open(journal, '');
      Object.assign(entry, { body: 'x'.repeat(64 * 1024), answer: '' });
      journal.count(entry);
    }
    expect(journal.list().length).toBe(Math.floor((64 * 1024) / 65));
    expect(journal.dropped).toBe(2000 - journal.list().length);
  });

  it('counts what a change keeps in memory, and the headers', () => {
    const long = 'x'.repeat(512 * 1024 - 512);
    const changes = [{ member: 'metadata' as const, before: long, after: long }];
    const journal = new Journal(100_000, new Journals());
    for (let call = 0; call < 40; call++) {
      const headers = 'y'.repeat(1024);
      const entry = open(journal, headers);
      Object.assign(entry, { changes });
      journal.count(entry);
    }
    expect([journal.list().length, journal.dropped]).toEqual([32, 8]);
  });

  const bytes = 'x'.repeat(1024 * 1024 - 1024);
  const characters = bytes.slice(bytes.length / 2);
  it.each<[string, string, Partial<JournalEntry>]>([
    ['URL', bytes, {}],
    ['headers', '', { headers: bytes }],
    ['body', '', { body: bytes }],
    ['answer', '', { answer: characters }],
    ['change, before it', '', { changes: [{ member: 'metadata', before: characters, after: '' }] }],
    ['change, after it', '', { changes: [{ member: 'metadata', before: '', after: characters }] }],
  ])('counts its %s: of entries that take a MiB with it 64 are kept', (_what, url, members) => {
    const journal = new Journal(100, new Journals());
    for (let call = 0; call < 65; call++) journal.file(Object.assign(new JournalEntry('r', 'PATCH', url), members));
    expect([journal.list().length, journal.dropped]).toEqual([64, 1]);
  });

  it('counts what a request holds once it is over: a change of a long text twice, before and after', async () => {
    const app = await buildTestApp();
    // Of 4 MiB each, with what an answer and a body take.
    for (let call = 0; call < 20; call++) await app.patch({ metadata: { call, long: 'x'.repeat(1_000_000) } });
    expect((await read(app, '?limit=1')).json).toMatchObject({ requests: [{ seq: 6 }], dropped: 5 });
  });

  it('does not count what a change left as it was', async () => {
    const app = await buildTestApp();
    await app.patch({ metadata: { long: 'x'.repeat(1_000_000) } });
    for (let call = 0; call < 40; call++) await app.patch({ logo_url: `x${call}` });
    expect((await read(app, '?limit=1')).json.dropped).toBe(0);
  });

  it('ends a page that grew long, so that nobody waits for a reader of large entries', async () => {
    const app = await buildTestApp();
    for (let call = 0; call < 3; call++) await app.patch({ metadata: { call, long: 'x'.repeat(1_000_000) } });
    const first = (await read(app)).json;
    expect([first.requests.length, first.next]).toEqual([2, 2]);
    const second = (await read(app, '?cursor=2')).json;
    expect([second.requests.length, second.next]).toEqual([1, null]);
  });

  it('cuts what is long, and tells how long it was', async () => {
    const app = await buildTestApp();
    await app.patch({ metadata: { long: 'x'.repeat(200_000) } });
    const [{ body, body_bytes, answer }] = (await read(app)).json.requests;
    expect([body.length, body_bytes > 200_000, answer.length]).toEqual([65_536, true, 65_536]);
  });

  it('shows a header that was sent twice, and no name of JavaScript’s own', () => {
    const journal = new Journal(1, new Journals());
    const headers = 'X-A\n1\nx-a\n2\ntoString\n3\n__proto__\n4';
    const entry = open(journal, headers);
    expect(JSON.parse(toEntryJson(entry)).headers).toEqual(
      Object.fromEntries([
        ['x-a', '1, 2'],
        ['tostring', '3'],
        ['__proto__', '4'],
      ]),
    );
  });
});

describe('an exchange that breaks off', () => {
  const readEntries = async (url: string) => {
    const response = await fetch(`${url}${URL_OF_REQUESTS}`);
    return ((await response.json()) as { requests: JournalEntry[] }).requests;
  };

  it('closes its entry; what was queued behind it has none, since it never began', async () => {
    const server = await createMockServer();
    onTestFinished(() => server.close());
    const authorization = `Bearer ${ADMIN}`;
    await fetch(`${server.url}/v1/organizations`, {
      method: 'PATCH',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { long: 'x'.repeat(900_000) } }),
    });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.pause();
    socket.write(`GET /v1/organizations HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`.repeat(50));
    const isOpen = ({ ms }: JournalEntry) => ms === null;
    // The one that is open at two looks is the one that cannot get out.
    const looks: unknown[] = [];
    const look = async () => {
      looks.push((await readEntries(server.url)).find(isOpen)?.request_id);
      return looks.at(-1) !== undefined && looks.at(-1) === looks.at(-2);
    };
    await expect.poll(look).toBe(true);
    socket.resetAndDestroy();
    await expect.poll(async () => (await readEntries(server.url)).filter(isOpen)).toEqual([]);
    const entries = await readEntries(server.url);
    expect(entries.at(-1)).toMatchObject({ outcome: 'cut', status: null, answer: null });
    expect(entries.length).toBeLessThan(50);
  });

  it('is noted for a path that is not served, and for a request without Host', async () => {
    const server = await createMockServer();
    onTestFinished(() => server.close());
    for (const bytes of [
      'POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{',
      'GET /v1/x HTTP/1.1\r\n\r\n',
    ]) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      const before = (await readEntries(server.url)).length;
      socket.write(bytes);
      await expect.poll(async () => (await readEntries(server.url)).length).toBe(before + 1);
      socket.resetAndDestroy();
    }
    const rows = async () => (await readEntries(server.url)).map(({ method, status }) => [method, status]);
    await expect.poll(rows).toEqual([
      ['POST', null],
      ['GET', 400],
    ]);
  });

  it.each([
    [
      'a cut connection',
      'PATCH /v1/organizations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n',
      '{"logo_url":',
      true,
    ],
    [
      'a half-sent body',
      'PATCH /v1/organizations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n',
      '{"logo_url":',
      false,
    ],
    [
      'an aborted upload',
      'PATCH /v1/organizations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n',
      '5\r\n{"log',
      true,
    ],
  ])('%s leaves a closed entry that says so', async (_name, head, part, isCut) => {
    // A process that gets no CPU for this long closes the connection before it has read anything.
    const server = await createMockServer({ requestTimeout: isCut ? '30s' : '1s' });
    onTestFinished(() => server.close());
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`${head}Authorization: Bearer ${ADMIN}\r\n\r\n${part}`);
    const readEntry = async () => {
      const response = await fetch(`${server.url}${URL_OF_REQUESTS}`);
      const { requests } = (await response.json()) as { requests: JournalEntry[] };
      return requests[0];
    };
    const isSeen = { method: 'PATCH', outcome: expect.stringMatching(/open|cut/) };
    await expect.poll(readEntry, { timeout: 4000 }).toMatchObject(isSeen);
    if (isCut) socket.resetAndDestroy();
    else socket.resume();
    await expect.poll(readEntry, { timeout: 4000 }).toMatchObject({ outcome: 'cut', status: null });
    expect((await readEntry())?.ms).toBeGreaterThan(0);
  });
});
