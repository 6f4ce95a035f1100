import type { ConnectionKind } from './kind.ts';

/** The connection is reset (RST): what a crashed server, or a firewall, looks like. */
export const reset: ConnectionKind = {
  needsAnswer: false,
  waits: false,
  run: (response) => {
    response.socket?.resetAndDestroy();
  },
};
