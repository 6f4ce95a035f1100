import type { Answer, TestApp } from './harness.ts';

export type Ask = ReturnType<typeof buildAsk>;

/** Sends to the control plane, under `/_mock/sandboxes`, as a program on this machine does. */
export const buildAsk =
  ({ send }: TestApp) =>
  (method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> =>
    send({
      method,
      url: `/_mock/sandboxes${path}`,
      authorization: null,
      headers: { host: 'localhost', ...(method !== 'GET' && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
