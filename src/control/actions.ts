import type { FastifyRequest, onResponseHookHandler } from 'fastify';

/** What was sent, as far as a line has to say it. */
type Sent = Record<string, unknown>;

/** What each call did. */
const TEXTS: Record<string, (sent: Sent) => string> = {
  'POST /clock/advance': ({ ms }) => `clock ${toDuration(Number(ms))}`,
  'PUT /clock': ({ frozen_at }) => (frozen_at === undefined ? 'clock runs' : 'clock frozen'),
  'PUT /limits': ({ mode }) => `limits ${mode}`,
  'POST /limits/spend': ({ count, category }) => `${count} of ${category} spent`,
  'POST /limits/refill': () => 'limits refilled',
  'POST /faults': ({ name, id }) => `fault ${name ?? id ?? ''} added`.replace('  ', ' '),
  'DELETE /faults': () => 'faults removed',
  'PATCH /faults/:fault_id': ({ fault_id, enabled }) => `fault ${fault_id} ${enabled === true ? 'on' : 'off'}`,
  'DELETE /faults/:fault_id': ({ fault_id }) => `fault ${fault_id} removed`,
  'DELETE /requests': () => 'requests emptied',
  'POST /reset': () => 'reset',
  'PUT /snapshots/:name': ({ name }) => `snapshot ${name}`,
  'POST /snapshots/:name/restore': ({ name }) => `restored ${name}`,
  'DELETE /snapshots/:name': ({ name }) => `snapshot ${name} removed`,
  'PUT /state': () => 'state imported',
  'POST /organizations': () => 'organization made',
  'PATCH /organizations/:organization_id': ({ organization_id }) => `organization ${organization_id} changed`,
  'DELETE /organizations/:organization_id': ({ organization_id }) => `organization ${organization_id} removed`,
  'POST /api-keys': () => 'API key made',
  'PATCH /api-keys/:api_key_id': ({ api_key_id }) => `API key ${api_key_id} changed`,
  'DELETE /api-keys/:api_key_id': ({ api_key_id }) => `API key ${api_key_id} removed`,
};

/** Ones that change nothing although they are a POST, or record themselves what they did. */
const LEFT_OUT = ['POST /requests/verify', 'POST /pact/provider-states'];

/** Keeps what a call from outside has changed in a sandbox. */
export const logAction: onResponseHookHandler = (request, reply, done) => {
  const { exchange, method, routeOptions } = request;
  const sandbox = exchange.live?.sandbox;
  const { sandbox_id, ...params } = Object(request.params) as Sent;
  if (!['GET', 'HEAD'].includes(method) && reply.statusCode < 300 && sandbox?.sandbox_id === sandbox_id && sandbox) {
    const [, route = ''] = String(routeOptions.url).split('/:sandbox_id', 2);
    const name = `${method} ${route}`;
    if (!LEFT_OUT.includes(name)) {
      const by = `${method} ${pathOf(request)}`;
      const text = TEXTS[name]?.({ ...params, ...toMembers(request.body) }) ?? by;
      const { actions, journal } = sandbox;
      const action = { after: journal.lastSeq, text, by };
      actions.add(action);
      // It stands behind what was answered before it, here and elsewhere.
      if (journal.link !== undefined) {
        journal.catchUp().then(
          () => (action.after = journal.lastSeq),
          () => {},
        );
      }
    }
  }
  done();
};

/** Without `/_mock/sandboxes/ID` and the query. */
const pathOf = ({ url }: FastifyRequest) => /^\/_mock\/sandboxes\/[^/]*([^?]*)/.exec(url)?.[1] ?? url;

const toMembers = (body: unknown): Sent => (typeof body === 'object' && body !== null ? { ...body } : {});

const UNITS: [ms: number, unit: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
];

/** In the largest unit of which it is a whole number: `+1 min`. */
export function toDuration(ms: number): string {
  const [size, unit] = UNITS.find(([one]) => ms % one === 0) ?? [1, 'ms'];
  return `${ms < 0 ? '-' : '+'}${Math.abs(ms) / size} ${unit}`;
}
