import { signal } from '@preact/signals';
import { notice, token } from './state.ts';

/** What the control plane answers. */
export interface Answer {
  status: number;
  /** As it was sent: numbers keep their digits. */
  text: string;
}

/** Whether the server asks for a token, or takes not that one. */
export const login = signal<'no' | 'needed' | 'wrong'>('no');

/**
 * Asks the control plane. A 401 opens the login.
 * @param path behind `/_mock`
 * @throws where nobody answers
 */
export async function ask(
  method: string,
  path: string,
  body?: object | string,
  type?: string,
  accept?: string,
): Promise<Answer> {
  const response = await send(method, path, { body, type, accept });
  const { status } = response;
  const text = await response.text();
  if (status === 401) refuse(status, text);
  return { status, text };
}

interface Sent {
  body?: object | string | undefined;
  type?: string | undefined;
  accept?: string | undefined;
  signal?: AbortSignal;
}

export async function send(
  method: string,
  path: string,
  { body, type = 'application/json', accept, signal }: Sent = {},
): Promise<Response> {
  const headers = new Headers({ 'content-type': type });
  if (accept !== undefined) headers.set('accept', accept);
  if (token.value !== '') headers.set('authorization', `Bearer ${token.value}`);
  const text = typeof body === 'string' ? body : body && JSON.stringify(body);
  return fetch(`/_mock${path}`, { method, headers, body: text ?? null, signal: signal ?? null });
}

/** What it answers, as JSON; undefined where it refuses, which is shown, and where nobody answers. */
export async function read<T>(path: string): Promise<T | undefined> {
  try {
    const { status, text } = await ask('GET', path);
    if (status === 200) return JSON.parse(text);
    refuse(status, text);
  } catch {
    // The page says already that nobody does.
  }
  return undefined;
}

/** Changes something. What is refused is shown, in the words of the server. @returns whether it was done */
export async function change(method: string, path: string, body: object = {}): Promise<boolean> {
  return (await changeTo(method, path, body)) !== undefined;
}

/** The same, with what it answers. */
export async function changeTo<T>(method: string, path: string, body: object = {}): Promise<T | undefined> {
  try {
    const { status, text } = await ask(method, path, body);
    if (status < 300) return text === '' ? ({} as T) : JSON.parse(text);
    refuse(status, text);
  } catch {
    notice.value = { tone: 'refused', text: 'The mock does not answer.' };
  }
  return undefined;
}

/** Shows what was refused, in the words of the server; a 401 opens the login. */
export function refuse(status: number, text: string): void {
  if (status === 401) login.value = token.value === '' ? 'needed' : 'wrong';
  else notice.value = { tone: 'refused', text: toMessage(status, text) };
}

/** The refusal in the words of the server: each mistake of a body, or its message. */
export function toMessage(status: number, text: string): string {
  try {
    const { error, detail } = JSON.parse(text);
    if (!Array.isArray(detail)) return `${status} ${error.message}`;
    return detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('\n');
  } catch {
    return `The mock answered ${status}.`;
  }
}
