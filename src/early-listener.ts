import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Listener, type ListenOptions, listen } from './listener.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface EarlyListener extends Listener {
  /** Answers who waits, and from now on everybody at once. */
  serve(answer: Answer): void;
}

/**
 * Takes the port before anybody can be answered: whoever asks that early waits.
 * @throws {ListenError} when the port is in use or the address is not this machine's
 */
export async function listenEarly(options: Omit<ListenOptions, 'onRequest'>): Promise<EarlyListener> {
  const waiting: Parameters<Answer>[] = [];
  let answer: Answer = (...exchange) => void waiting.push(exchange);
  let isWaiting = true;
  const serve = (routing: Answer) => {
    isWaiting = false;
    answer = routing;
    for (const exchange of waiting.splice(0)) routing(...exchange);
  };
  const listener = await listen({ ...options, onRequest: (request, response) => answer(request, response) });
  return {
    url: listener.url,
    serve,
    close: () => {
      // Whom nobody will answer any more: without this the listener would wait for it.
      if (isWaiting) serve(({ socket }) => socket.destroy());
      return listener.close();
    },
  };
}
