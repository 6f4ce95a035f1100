import { Agent, request } from 'node:http';
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
  private readonly agent = new Agent({ keepAlive: true });

  constructor(url: string, token: string | undefined, isOff = false) {
    this.url = url;
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
    const { status, hint, answer } = await this.send(method, `/_mock${path}`, body && toJson(method, path, body));
    const json = answer === '' ? undefined : JSON.parse(answer);
    if (status < 300) return json;
    throw new ControlError(`${method} ${path}: ${status} ${explain(json, hint)}`, status, json?.error?.details);
  }

  close(): void {
    this.agent.destroy();
  }

  private send(
    method: string,
    path: string,
    body: string | undefined,
  ): Promise<{ status: number; hint: string | undefined; answer: string }> {
    const headers = {
      'content-type': 'application/json',
      ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(new ControlError(`${method} ${path}: the mock cannot be reached: ${error.message}`));
      const sent = request(new URL(path, this.url), { method, headers, agent: this.agent }, (response) => {
        const { statusCode: status = 0, headers: received } = response;
        const [hint] = [received['x-mixpeek-mock-hint'] ?? []].flat();
        text(response).then((answer) => resolve({ status, hint, answer }), fail);
      });
      sent.on('error', fail).end(body);
    });
  }
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
