import * as http from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { codeOf } from '../domain/errors.ts';
import { escapeControls } from '../domain/text.ts';
import { toMember } from '../seed/issues.ts';
import type { ControlConfig } from './control-settings.ts';

/** How long a server may be silent, in milliseconds. */
const SILENCE_MS = 30_000;

/** The control plane did not do what it was asked to. The message is for a person, and may have several lines. */
export class ControlError extends Error {
  override name = 'ControlError';
}

/** One request to the control plane. */
export interface ControlCall {
  /** What cannot be done if it fails: `reset the sandbox default`. */
  task: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/_mock`. */
  path: string;
  accept?: string;
  /** Sent as JSON, in which it may have a `seed`. */
  body?: object;
  /** Where that seed is from. */
  seedFile?: string | undefined;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/**
 * The body of what the control plane answers.
 * @throws {ControlError} where the server is not reached, is another program, or refuses
 */
export async function askControl(config: ControlConfig, call: ControlCall, silenceMs = SILENCE_MS): Promise<string> {
  const { url } = config;
  const answer = await send(config, call, silenceMs).catch((error) => {
    const reason = escapeControls(codeOf(error));
    throw new ControlError(`${url} does not answer (${reason}): is the server running there? ${WHERE}`);
  });
  if (!isFromControl(answer)) {
    throw new ControlError(`${url} has no control plane (status ${answer.status}): is it mixpeek-mock's URL? ${WHERE}`);
  }
  if (answer.status < 300) return answer.body;
  throw new ControlError(`cannot ${escapeControls(call.task)}: ${explain(answer, call)}`);
}

const WHERE = '(--url, or the variable MIXPEEK_MOCK_URL)';
const TOKEN = '(--control-token, or the variable MIXPEEK_MOCK_CONTROL_TOKEN)';

async function send(config: ControlConfig, call: ControlCall, timeout: number): Promise<Answer> {
  return readAnswer(await open(config, call, timeout));
}

const readAnswer = async (response: http.IncomingMessage): Promise<Answer> => ({
  status: response.statusCode ?? 0,
  headers: response.headers,
  body: await text(response),
});

/**
 * The lines of an answer that goes on and on.
 * @throws {ControlError} as {@link askControl}
 */
export async function* followControl(config: ControlConfig, call: ControlCall): AsyncGenerator<string> {
  const { url } = config;
  const fail = (error: unknown): never => {
    throw new ControlError(`${url} does not answer any more (${escapeControls(codeOf(error))})`);
  };
  const response = await open(config, { ...call, accept: 'text/event-stream' }, SILENCE_MS).catch(fail);
  if (response.statusCode !== 200) {
    throw new ControlError(`cannot ${escapeControls(call.task)}: ${explain(await readAnswer(response), call)}`);
  }
  try {
    yield* createInterface({ input: response });
  } catch (error) {
    fail(error);
  }
}

/** Not by fetch, which refuses ports such as 6000 that a server may well have. */
function open({ url, controlToken }: ControlConfig, call: ControlCall, timeout: number): Promise<http.IncomingMessage> {
  const target = new URL(url);
  const headers: http.OutgoingHttpHeaders = {
    'content-type': 'application/json',
    ...(call.accept && { accept: call.accept }),
    ...(controlToken && { authorization: `Bearer ${controlToken}` }),
  };
  // As an option the path is sent as it is: a URL would resolve `..`, which somebody may give for an id.
  const path = `${target.pathname.replace(/\/$/, '')}/_mock${call.path}`;
  // The bundle has no node:https: no server needs it.
  const { request } = target.protocol === 'https:' ? process.getBuiltinModule('node:https') : http;
  return new Promise((resolve, reject) => {
    const sent = request(target, { method: call.method, path, headers, timeout, agent: false });
    sent.on('timeout', () => sent.destroy(new Error(`silent for ${timeout / 1000} s`)));
    sent.on('error', reject);
    sent.on('response', resolve);
    sent.end(call.body && JSON.stringify(call.body));
  });
}

/** The control plane's own 401 and 404 are about it. Those of the API mean `--control off`, or `/v1` behind the URL. */
function isFromControl({ status, headers }: Answer): boolean {
  const isMock = String(headers['x-request-id']).startsWith('req_');
  return isMock && (![401, 404, 501].includes(status) || /\/_mock|control token/.test(toHint(headers)));
}

const toHint = (headers: http.IncomingHttpHeaders) => String(headers['x-mixpeek-mock-hint'] ?? '');

interface BodyProblem {
  loc: (string | number)[];
  msg: string;
}

/** What the server says, and what to do next; of a body each mistake, a line each. */
function explain({ status, headers, body }: Answer, { seedFile }: ControlCall): string {
  const { error, detail }: { error: { message: string }; detail?: BodyProblem[] } = JSON.parse(body);
  if (detail !== undefined) return detail.map((problem) => escapeControls(toLine(problem, seedFile))).join('\n');
  const told = escapeControls(`${error.message}; ${toHint(headers)}`);
  return status === 401 ? `${told} ${TOKEN}` : told;
}

/** In the words of a start with the same file: `seed.yaml:4:5: organizations[0].users: …`. */
function toLine({ loc: [, ...path], msg }: BodyProblem, seedFile: string | undefined): string {
  const [first, ...inner] = path;
  if (seedFile === undefined || first !== 'seed') return `${toMember(path)}: ${msg}`;
  const [, line, column, rest] = /^line (\d+), column (\d+): (.*)$/s.exec(msg) ?? [];
  const place = line === undefined ? seedFile : `${seedFile}:${line}:${column}`;
  return `${place}: ${inner.length > 0 ? `${toMember(inner)}: ` : ''}${rest ?? msg}`;
}
