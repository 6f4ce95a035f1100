import type { ConnectionKind } from './kind.ts';

/** The connection is closed (FIN) before a byte was answered. */
export const close: ConnectionKind = {
  needsAnswer: false,
  waits: false,
  run: (response) => {
    response.socket?.destroy();
  },
};
