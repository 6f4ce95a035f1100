import { METHODS } from 'node:http';
import { drawId, type Random } from '../domain/random.ts';
import type { Unreadable } from './connection.ts';
import { ABORTED, toErrorAnswer } from './envelope.ts';
import { HINT } from './hint.ts';
import { readRequestId } from './request-id.ts';

const INVALID = 'The request is not valid HTTP';

/** What Node's parser refuses, by its code: the message, and what to do. */
const REFUSALS: Record<string, readonly [message: string, hint: string]> = {
  HPE_HEADER_OVERFLOW: ['The header of the request is too large', 'all headers together may take 16 KiB'],
  CONNECT: ['This server is not a proxy', "use this server's URL as the base URL of the client, not as its proxy"],
  ERR_HTTP_REQUEST_TIMEOUT: ['The request was not received in time', '--request-timeout gives more time'],
  HPE_INVALID_EOF_STATE: ABORTED,
  HPE_INVALID_METHOD: [INVALID, 'a request begins with a method, a path and HTTP/1.1'],
  HPE_PAUSED_H2_UPGRADE: [INVALID, 'this server speaks HTTP/1.1, not HTTP/2'],
  HPE_INVALID_URL: [INVALID, 'a URL begins with / or http://, and is percent-encoded as UTF-8'],
};

/** A TLS handshake begins with this byte. */
const TLS_HANDSHAKE = 0x16;

/**
 * The response, as bytes of HTTP, to a request that Node's parser refused.
 * @param unreadable Node's code; the request, as far as it was read; the bytes at which the parser stopped
 * @param random what its id is drawn from, unless it names itself
 * @param log records the request: a client that speaks TLS, for example, cannot read the answer, and no hook sees the request
 */
export function toBadRequest(
  { code, request, packet }: Unreadable,
  random: Random,
  log: (line: object) => void,
): string {
  const [message, hint] = explain(code, packet);
  const { status, body } = toErrorAnswer({ code: 'bad_request', message, hint });
  const request_id = readRequestId(request) ?? drawId(random, 'req');
  log({ request_id, method: request?.method, path: request?.url?.split('?', 1)[0], status, hint });
  const headers = [
    'HTTP/1.1 400 Bad Request',
    `x-request-id: ${request_id}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `${HINT}: ${hint}`,
    // A page may have sent it.
    'access-control-allow-origin: *',
    'access-control-expose-headers: *',
    'connection: close',
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body}`;
}

function explain(code: string, packet: Buffer | undefined): readonly [message: string, hint: string] {
  if (code === 'HPE_INVALID_METHOD' && packet !== undefined) {
    if (packet[0] === TLS_HANDSHAKE) return [INVALID, 'this server has no TLS: its URL begins with http://'];
    const [sent = ''] = packet.toString('latin1', 0, 16).split(' ', 1);
    const method = sent.toUpperCase();
    if (sent !== method && METHODS.includes(method)) {
      const hint = `methods are written in upper case: ${method}`;
      return [`${INVALID}: ${hint}`, hint];
    }
  }
  return REFUSALS[code] ?? [INVALID, `Node's parser says ${code || 'nothing more'}`];
}
