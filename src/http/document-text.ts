import { redactKeys } from '../domain/redact.ts';

/** Stands for the servers of a document until somebody asks. */
const SERVERS = '\u0000servers';
const THIS_SERVER = { url: '/', description: 'this server' };

/**
 * The text of an OpenAPI document, written once; only `servers` depends on the request. `/` comes first, since it holds behind
 * a TLS proxy too; the origin that Host names is for tools that save the document.
 */
export function buildDocumentText(document: Record<string, unknown>): (host: string | undefined) => string {
  const [before, after] = JSON.stringify({ ...document, servers: SERVERS }).split(JSON.stringify(SERVERS));
  return (host) => {
    const named = { url: `http://${host}`, description: 'the same, by the Host of the request' };
    return before + JSON.stringify(isHost(host) ? [THIS_SERVER, named] : [THIS_SERVER]) + after;
  };
}

const isHost = (host = ''): boolean =>
  /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}`) && redactKeys(host) === host;
