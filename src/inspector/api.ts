import { signal } from '@preact/signals';
import { forgetAll, notice, token } from './state.ts';

/** What the control plane answers. */
export interface Answer {
  /** 0 where nobody answers. */
  status: number;
  /** As it was sent: numbers keep their digits. */
  text: string;
  /** What to do about a refusal, in the words of the server. */
  hint: string | null;
}

/** Whether a token can be one: others cannot be sent. */
export const isAllowed = (given: string): boolean => /^[\x21-\x7e]+$/.test(given);

/** Whether the server asks for a token, or takes not that one. */
export const login = signal<'no' | 'needed' | 'wrong'>('no');

/**
 * Asks the control plane. A 401 opens the login.
 * @param path behind `/_mock`
 */
export async function ask(
  method: string,
  path: string,
  body?: object | string,
  type?: string,
  accept?: string,
): Promise<Answer> {
  try {
    const answer = await toAnswer(await send(method, path, { body, type, accept }));
    if (answer.status === 401) refuse(answer);
    return answer;
  } catch {
    return { status: 0, text: '', hint: null };
  }
}

export const toAnswer = async (response: Response): Promise<Answer> => ({
  status: response.status,
  text: await response.text(),
  hint: response.headers.get('x-mixpeek-mock-hint'),
});

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

/** What it answers, as JSON; undefined where it refuses, which is shown, and where nobody answers, which the page says anyway. */
export async function read<T>(path: string): Promise<T | undefined> {
  const answer = await ask('GET', path);
  if (answer.status === 200) return JSON.parse(answer.text);
  if (answer.status !== 0) refuse(answer);
  return undefined;
}

/** Changes something. What is refused is shown, in the words of the server. @returns whether it was done */
export async function change(method: string, path: string, body: object = {}): Promise<boolean> {
  return (await changeTo(method, path, body)) !== undefined;
}

/** The same, with what it answers. */
export async function changeTo<T>(method: string, path: string, body: object = {}): Promise<T | undefined> {
  const answer = await ask(method, path, body);
  if (isDone(answer)) return answer.text === '' ? ({} as T) : JSON.parse(answer.text);
  refuse(answer);
  return undefined;
}

export const isDone = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** Shows what was refused, in the words of the server; a 401 opens the login. */
export function refuse(answer: Answer): void {
  if (answer.status === 401) {
    login.value = token.value === '' ? 'needed' : 'wrong';
    // Who has no token any more sees nothing any more.
    forgetAll();
  } else notice.value = { tone: 'refused', text: toMessage(answer) };
}

/** The refusal in the words of the server: each mistake of a body, or its message and what to do. */
export function toMessage({ status, text, hint }: Answer): string {
  if (status === 0) return 'The mock does not answer.';
  try {
    const { error, detail } = JSON.parse(text);
    if (!Array.isArray(detail)) return `${status} ${error.message}${hint === null ? '' : `: ${hint}`}`;
    return detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('\n');
  } catch {
    return `The mock answered ${status}.`;
  }
}
