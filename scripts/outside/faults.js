// The table of docs/faults.md: what curl, urllib of Python and, if it is installed, `requests` see of each. And a change whose answer was
// lost is there after a `kill -9`. What fetch sees is in test/faults/sockets.test.ts.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFaultTable } from '../documents.js';
import { attempt, check, makeProject, startProgram } from './support.js';

const SEE = fileURLToPath(new URL('see-fault.py', import.meta.url));
const KEY = 'sk_live_abc123def456';
const NAME = 'X-Mixpeek-Mock-Fault';
/** How long a client waits: longer than the faults that end, in seconds. */
const PATIENCE = '2';
const BODY = '{"metadata":{"fault":"seen"}}';
const CONTROL = '/_mock/sandboxes/default';
const env = { NO_PROXY: '*', no_proxy: '*' };

export default async function testFaults() {
  const server = await startProgram([]);
  try {
    for (const client of findClients()) for (const row of readFaultTable()) await checkRow(server.url, client, row);
  } finally {
    await server.stop();
  }
  await testLostAnswer();
}

function findClients() {
  const hasRequests = attempt('python3', ['-c', 'import requests'], '.').status === 0;
  if (!hasRequests) console.log('skipped: what requests sees (pip install requests)');
  return ['curl', 'urllib', ...(hasRequests ? ['requests'] : [])];
}

/** A change that the fault makes no difference to is made, one that it comes before is not. */
async function checkRow(url, client, { fault, [client]: expected }) {
  await control(url, 'POST', '/reset');
  const started = performance.now();
  const seen = client === 'curl' ? seeByCurl(url, fault) : seeByPython(client, url, fault);
  const ms = performance.now() - started;
  check(`${client} sees of ${fault}: ${seen.join(', ')}`, seen.join() === expected.join(), { seen, expected });
  const [, delay = '0'] = /delay_ms=(\d+)/.exec(fault) ?? [];
  if (ms < Number(delay)) throw new Error(`${fault} took ${ms} ms only`);
  const isMade = /after_handler|delay_ms|silence|half_body|malformed|drip/.test(fault);
  const { metadata } = await readOrganization(url);
  if ((metadata.fault === 'seen') !== isMade) throw new Error(`${fault}: the change is ${isMade ? 'not ' : ''}made`);
}

/** The status, if one was received, and the exit code. */
function seeByCurl(url, fault) {
  const headers = [`Authorization: Bearer ${KEY}`, 'Content-Type: application/json', `${NAME}: ${fault}`];
  const args = ['-s', '-o', 'answer', '-w', '%{http_code}', '--max-time', PATIENCE, '--noproxy', '*', '-X', 'PATCH'];
  const sent = [...headers.flatMap((header) => ['-H', header]), '-d', BODY, `${url}/v1/organizations`];
  const { status, stdout } = attempt('curl', [...args, ...sent], makeProject('curl'));
  return [...(stdout === '000' ? [] : [stdout]), `${status}`];
}

function seeByPython(client, url, fault) {
  const args = [SEE, client, 'PATCH', `${url}/v1/organizations`, fault, PATIENCE];
  const { status, stdout, stderr } = attempt('python3', args, '.', { env });
  if (status !== 0) throw new Error(`python3 ended with ${status}: ${stderr}`);
  return [stdout.trim()];
}

async function testLostAnswer() {
  const db = join(makeProject('lost-answer'), 'mock.db');
  const first = await startProgram(['--db', db]);
  const seen = seeByCurl(first.url, 'after_handler; connection=reset');
  await first.stop('SIGKILL');
  check('curl sees no answer, and the server is killed', seen.join() === '56', seen);
  const second = await startProgram(['--db', db]);
  try {
    const { metadata } = await readOrganization(second.url);
    check('the change whose answer was lost is there after a restart', metadata.fault === 'seen', metadata);
    const { requests } = await control(second.url, 'GET', '/requests?method=PATCH');
    check('and the journal has begun anew', requests.length === 0, requests);
  } finally {
    await second.stop();
  }
}

const readOrganization = async (url) =>
  (await fetch(`${url}/v1/organizations`, { headers: { authorization: `Bearer ${KEY}` } })).json();

async function control(url, method, path) {
  const answer = await fetch(`${url}${CONTROL}${path}`, { method, headers: { 'content-type': 'application/json' } });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
