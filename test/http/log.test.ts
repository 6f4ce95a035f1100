import { describe, expect, it } from 'vitest';
import { escapeControls } from '../../src/domain/text.ts';
import { buildLog } from '../../src/http/log.ts';
import { buildTestApp } from '../support/harness.ts';

/** What is written for this line, for people or for programs. */
function write(isJson: boolean, { level, ...line }: { level: 'info' | 'error'; [member: string]: unknown }): string {
  let text = '';
  const { msg, ...members } = line;
  buildLog('info', isJson, (written) => {
    text += written;
  })[level](members, String(msg));
  return text;
}

const REQUEST = {
  level: 'info' as const,
  msg: 'request',
  method: 'GET',
  path: '/v1/organizations',
  status: 401,
  ms: 1.5,
};

describe('a log line for people', () => {
  it.each([
    ['has the organization', { organization_id: 'org_x' }, 'GET /v1/organizations 401 1.5 ms org_x\n'],
    ['ends with the hint', { hint: 'send a key' }, 'GET /v1/organizations 401 1.5 ms — send a key\n'],
    [
      'has the hint behind the organization',
      { organization_id: 'org_x', hint: 'a, b' },
      'GET /v1/organizations 401 1.5 ms org_x — a, b\n',
    ],
  ])('%s', (_name, more, expected) => {
    expect(write(false, { ...REQUEST, ...more })).toBe(expected);
  });

  it('is one line, whatever the client sent', () => {
    expect(write(false, { ...REQUEST, path: '/\u001b[31m\u009b2J\u202e' })).toBe(
      'GET /\\u001b[31m\\u009b2J\\u202e 401 1.5 ms\n',
    );
  });

  it('keeps the lines of a stack', () => {
    expect(
      write(false, {
        level: 'error',
        msg: 'unexpected error',
        err: Object.assign(new Error('x'), { stack: 'Error: \u001b\n    at x' }),
      }),
    ).toBe('error: unexpected error\nError: \\u001b\n    at x\n');
  });
});

it('a log line for programs escapes what JSON leaves as it is, and still says the same', () => {
  const line = { ...REQUEST, path: '/\u009b2J\u202e\u007f' };
  expect(write(true, line)).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(write(true, line))).toEqual({
    ...line,
    level: 30,
    time: expect.any(Number),
    pid: process.pid,
    hostname: expect.any(String),
  });
});

describe('the hint', () => {
  it('of a refusal is a member of its log line', async () => {
    const { get, log } = await buildTestApp();
    const { headers } = await get({ authorization: null });
    expect(log.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'request', status: 401, hint: headers['x-mixpeek-mock-hint'] },
    ]);
  });

  it('of a 200 that ignored a member too, in the same words; no other line has one', async () => {
    const { get, patch, log } = await buildTestApp();
    const { headers } = await patch({ organizationName: 'x', sk_live_abc123def456: 1 });
    await get();
    expect(headers['x-mixpeek-mock-hint']).toBe(
      'ignored: organizationName (did you mean organization_name?), sk_live_ab\\u2026',
    );
    expect(log.map((line) => JSON.parse(line).hint)).toEqual([headers['x-mixpeek-mock-hint'], undefined]);
  });
});

describe('escaping control characters', () => {
  it.each([
    ['a\u0000\u001b\u007f\u0085\u009f', 'a\\u0000\\u001b\\u007f\\u0085\\u009f'],
    ['\n\r\t', '\\n\\r\\t'],
    ['\u200b\u202e\u2066\ufeff\u2028\u2029', '\\u200b\\u202e\\u2066\\ufeff\\u2028\\u2029'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['é 日本 🎉 \\ "', 'é 日本 🎉 \\ "'],
  ])('%j', (text, expected) => {
    expect(escapeControls(text)).toBe(expected);
  });

  it('leaves those that are to stay', () => {
    expect(escapeControls('a\nb\tc', '\n')).toBe('a\nb\\tc');
  });
});
