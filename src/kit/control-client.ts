import * as http from 'node:http';
import { text } from 'node:stream/consumers';
import { ControlError } from './control-error.ts';

/** A refusal, as far as a message needs it. */
interface Refused {
  error?: { message?: string; details?: Record<string, unknown> };
  detail?: { loc: (string | number)[]; msg: string }[];
}

/** Asks the control plane of a server. */
export class ControlClient {
  readonly url: string;
  private readonly token: string | undefined;
  private readonly isOff: boolean;
  private readonly agent: Promise<http.Agent>;

  constructor(url: string, token: string | undefined, isOff = false) {
    this.url = url;
    this.agent = openAgent(url);
    this.token = token;
    this.isOff = isOff;
  }

  /**
   * The body of the answer; undefined for none.
   * @param path behind `/_mock`
   * @throws {ControlError}
   */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    if (this.isOff) throw new ControlError(`${method} ${path}: the control plane is off: start without control: 'off'`);
    const sent = body && toJson(method, path, body);
    const { status, hint, answer, isOfControl } = await this.send(method, `/_mock${path}`, sent);
    if (!isOfControl) {
      throw new ControlError(`${method} ${path}: ${this.url} has no control plane (status ${status}): ${IS_IT_OURS}`);
    }
    const json = answer === '' ? undefined : JSON.parse(answer);
    if (status < 300) return json;
    throw new ControlError(`${method} ${path}: ${status} ${explain(json, hint)}`, status, json?.error?.details);
  }

  close(): void {
    this.agent.then((agent) => agent.destroy());
  }

  private async send(method: string, path: string, body: string | undefined): Promise<Answer> {
    const headers = {
      'content-type': 'application/json',
      ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
    };
    const options = { method, headers, agent: await this.agent };
    const trySend = () =>
      new Promise<Answer>((resolve, reject) => {
        const sent = http.request(new URL(path, this.url), options, (response) => {
          const { statusCode: status = 0, headers: received } = response;
          const [hint] = [received['x-mixpeek-mock-hint'] ?? []].flat();
          // What comes before the control plane is asked says so in its hint.
          const isOfControl = received['cache-control'] === 'no-store' || /control (?:plane|token)/.test(hint ?? '');
          text(response).then((answer) => resolve({ status, hint, answer, isOfControl }), reject);
        });
        // The server had closed the idle connection: nobody has read the request.
        sent.on('error', (error: NodeJS.ErrnoException) =>
          sent.reusedSocket && error.code === 'ECONNRESET' ? resolve(trySend()) : reject(error),
        );
        sent.end(body);
      });
    return trySend().catch((error) => {
      throw new ControlError(`${method} ${path}: the mock cannot be reached at ${this.url}: ${error.message}`);
    });
  }
}

interface Answer {
  status: number;
  /** Whether it is the control plane that answers. */
  isOfControl: boolean;
  hint: string | undefined;
  answer: string;
}

const IS_IT_OURS = "is it mixpeek-mock's URL, and is --control on?";

/** Few servers need TLS, so that it is loaded for those only. Idle connections keep no process running. */
async function openAgent(url: string): Promise<http.Agent> {
  const { Agent } = url.startsWith('https:') ? await import('node:https') : http;
  return new Agent({ keepAlive: true });
}

/** @throws {ControlError} for what is not JSON: a BigInt, or an object that is in itself */
function toJson(method: string, path: string, body: object): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw new ControlError(
      `${method} ${path}: what is sent is not JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** The hint repeats the first error of a body. */
function explain({ error, detail = [] }: Refused, hint: string | undefined): string {
  const errors = detail.map(({ loc, msg }) => `${loc.slice(1).join('.') || 'the body'}: ${msg}`);
  const said = errors.length > 0 ? errors : [error?.message, hint];
  return said.filter((part) => part !== undefined).join('; ');
}
