import type { CONNECTION_FAULTS, ConnectionFault } from '../domain/fault.ts';
import { close } from './close.ts';
import { drip } from './drip.ts';
import { halfBody } from './half-body.ts';
import { hang } from './hang.ts';
import { headersThenSilence } from './headers-then-silence.ts';
import type { ConnectionKind } from './kind.ts';
import { malformedJson } from './malformed-json.ts';
import { reset } from './reset.ts';

/** Every kind, by the name that a rule has for it. */
const KINDS: Record<(typeof CONNECTION_FAULTS)[number], ConnectionKind> = {
  reset,
  close,
  hang,
  headers_then_silence: headersThenSilence,
  half_body: halfBody,
  malformed_json: malformedJson,
};

export const findKind = (connection: ConnectionFault | undefined): ConnectionKind | undefined =>
  typeof connection === 'object' ? drip(connection.drip_bytes_per_second) : connection && KINDS[connection];
