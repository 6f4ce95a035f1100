import { ControlClient } from './control-client.ts';
import { ControlError } from './control-error.ts';
import type { MockClient } from './mock-client.ts';
import { buildMockClient } from './remote-sandbox.ts';

/** Where a server is. */
export interface ConnectOptions {
  /** Its origin, such as `http://localhost:4030`. Default: the variable `MIXPEEK_MOCK_URL`. */
  url?: string | undefined;
  /** The token that its control plane requires, if any. Default: the variable `MIXPEEK_MOCK_CONTROL_TOKEN`. */
  controlToken?: string | undefined;
}

/**
 * Makes and finds sandboxes of a server that is running, wherever it was started.
 * @throws {ControlError} where neither an option nor the variable says where it is
 */
export const connect = (options?: ConnectOptions): MockClient => buildMockClient(openControlClient(options));

/** @throws {ControlError} */
export function openControlClient({
  url = process.env.MIXPEEK_MOCK_URL,
  controlToken = process.env.MIXPEEK_MOCK_CONTROL_TOKEN,
}: ConnectOptions = {}): ControlClient {
  if (url === undefined || url === '') throw new ControlError(`MIXPEEK_MOCK_URL is not set: ${HOW_TO_START}`);
  const { protocol = '', origin, href } = URL.canParse(url) ? new URL(url) : ({} as Partial<URL>);
  if (!/^https?:$/.test(protocol) || href !== `${origin}/`) {
    // It may have a token in it.
    const shown = url.includes('@') ? '' : ` ${url}`;
    throw new ControlError(`the URL${shown} of the mock is not an origin such as http://localhost:4030: ${HOW_TO_SAY}`);
  }
  return new ControlClient(`${origin}`, controlToken || undefined);
}

const HOW_TO_SAY = 'it has no path, and a token goes into controlToken or MIXPEEK_MOCK_CONTROL_TOKEN';
const HOW_TO_START = "run the tests by 'mixpeek-mock exec -- …', or start a server and give its URL";
