/** What one connection may cost. Times are milliseconds. */
export interface ConnectionLimits {
  /** Requests that wait for the answers before them. */
  queued: number;
  /** What a client may still send once its request is answered: bytes, and for how long. */
  unreadBytes: number;
  unreadMs: number;
  /** How long a client that has its last answer may be silent before the connection is closed. */
  lingerMs: number;
  /** Once the server stops: how long a request may take that is not wholly received. */
  receivingMs: number;
  /** Once the server stops: how long an answer may make no progress, and how long it may take in all. */
  stalledMs: number;
  answeringMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  queued: 100,
  unreadBytes: 64 * 1024 * 1024,
  unreadMs: 10_000,
  lingerMs: 1000,
  receivingMs: 1000,
  stalledMs: 5000,
  answeringMs: 30_000,
};
