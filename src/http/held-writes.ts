import { Socket } from 'node:net';
import { setImmediate } from '../domain/real-time.ts';

/**
 * Holds what is written to sockets until the end of a turn of the event loop. Answers of one turn leave one behind the other, and a
 * client is not woken for each: with 32 connections a GET takes half of the CPU time.
 */
export class HeldWrites {
  private held: Socket[] = [];

  /** Node uncorks a socket at the end of each response, and where a part of one was written. */
  watch(socket: Socket): void {
    socket.uncork = () => {
      this.held.push(socket);
      if (this.held.length === 1) setImmediate(this.release);
    };
  }

  private readonly release = (): void => {
    const { held } = this;
    this.held = [];
    for (const socket of held) Socket.prototype.uncork.call(socket);
  };
}
