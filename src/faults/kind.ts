import type { ServerResponse } from 'node:http';

/** What would be answered. */
export interface FaultAnswer {
  status: number;
  /** The body; empty where there is none. */
  payload: Buffer;
}

/** A way to treat a connection badly. Headers are set on the response already. */
export interface ConnectionKind {
  /** Whether a part of an answer is sent, or all of it in another way. */
  needsAnswer: boolean;
  /** Whether the connection stays open for longer than that takes. */
  waits: boolean;
  /** @param hold keeps the connection open until the sandbox or the server ends; returns what takes that back */
  run(response: ServerResponse, answer: FaultAnswer, hold: (end: () => void) => () => void): void;
}

/** Sends the head of an answer; what its body has is announced, whatever is sent of it. */
export function sendHead(response: ServerResponse, { status, payload }: FaultAnswer): void {
  if (payload.length > 0) response.setHeader('content-length', payload.length);
  response.writeHead(status);
  response.flushHeaders();
}

/** Keeps a connection open in silence, until the client gives up or everything ends. */
export function keepOpen(response: ServerResponse, hold: (end: () => void) => () => void): void {
  const { socket } = response;
  // A client that has ended its side, while it was delayed perhaps, hears nothing of it.
  if (socket?.readableEnded !== false) {
    response.destroy();
    return;
  }
  const end = () => response.destroy();
  const release = hold(end);
  socket?.once('end', end).once('close', release);
}
