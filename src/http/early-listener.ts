import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Listener, type ListenOptions, listen } from './listener.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface EarlyListener extends Listener {
  /** Answers the requests that are queued, and all later ones at once. */
  serve(answer: Answer): void;
}

/**
 * Takes the port before anything can be answered: requests are queued until then.
 * @throws {ListenError} when the port is in use or the address is not this machine's
 */
export async function listenEarly(options: Omit<ListenOptions, 'onRequest'>): Promise<EarlyListener> {
  const queued: Parameters<Answer>[] = [];
  let answer: Answer = (...exchange) => void queued.push(exchange);
  let isWaiting = true;
  const serve = (routing: Answer) => {
    isWaiting = false;
    answer = routing;
    for (const exchange of queued.splice(0)) routing(...exchange);
  };
  const listener = await listen({ ...options, onRequest: (request, response) => answer(request, response) });
  return {
    url: listener.url,
    serve,
    close: () => {
      // Nobody will answer these any more: the listener would wait for them.
      if (isWaiting) serve(({ socket }) => socket.destroy());
      return listener.close();
    },
  };
}
