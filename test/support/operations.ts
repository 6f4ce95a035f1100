import fc from 'fast-check';
import { object, value } from './json-text.ts';
import type { World } from './world.ts';

/** What somebody does to a sandbox: data, so that a failure shows it. */
export type Operation =
  | { do: 'patch'; key: number; body: string }
  | { do: 'send'; method: 'POST' | 'PUT'; path: string; body: string }
  | { do: 'make key'; organization: number; body: string }
  | { do: 'change'; what: 'organizations' | 'api-keys'; index: number; body: string }
  | { do: 'delete'; what: 'organizations' | 'api-keys'; index: number }
  | { do: 'snapshot' | 'restore'; name: string }
  | { do: 'import'; type: 'json' | 'yaml' };

const LONG = 'x'.repeat(1025);
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const text = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      '',
      ' ',
      '\u2028\u0085\ufeff',
      '\ufeff',
      'no',
      '1e3',
      '"',
      '\\',
      '- x',
      'a: b # c',
      '\u{1f600}',
      LONG,
    ),
  )
  .map((one) => JSON.stringify(one));
const json = fc.oneof(
  object.map(({ sent }) => sent),
  fc.constantFrom(
    '{}',
    deep(99),
    `{"${LONG}":{"${LONG}":[{"${LONG}":"${LONG}"}]}}`,
    '{"\\uD800":"\\u0041\\/","__proto__":{"__proto__":-0},"n":123456789012345678901234567890.10E+400}',
    '{"a":"\u2028\u0085\ufeff\x7f","\ufeff":1,"<<":2,"~":3,"":4}',
  ),
);
const email = fc
  .constantFrom(
    ...['Billing.Desk@EXAMPLE.com', 'INFO@example.com', 'Joe <joe@example.com>', 'e\u0301@b\u00fccher.example'],
    ...['x@xn--fa-hia.de', 'x@stra\u00dfe.de', '\u0958@\uff41.com', 'a@\u4e2d\u6587\u3002com'],
  )
  .map((one) => JSON.stringify(one));
const limit = fc.constantFrom('1', '7', '300', '9007199254740991', '1e2', '5.0');
/** What the API reads as an integer, and a few that it refuses. */
const lax = fc.oneof({ weight: 30, arbitrary: limit }, fc.constantFrom('"0_1"', 'true', '0', '9007199254740992'));
const flag = fc.constantFrom('true', 'false', '"off"', '1', 'null');
const time = fc
  .constantFrom(
    ...['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z', '2024-02-29', '2026-01-01T00:00:00.000001+01:00'],
  )
  .map((one) => JSON.stringify(one));
const orNull = (member: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 5, arbitrary: member }, { weight: 1, arbitrary: fc.constant('null') });
const limitsOf = (one: fc.Arbitrary<string>) =>
  objectOf({ metadata: one, data: one, search: one, upload: one, compute: one });
const limits = limitsOf(lax);
const stringMap = fc
  .array(fc.tuple(text, text), { maxLength: 3 })
  .map((members) => `{${members.map(([name, one]) => `${name}:${one}`).join(',')}}`);

/** An object that has some of the members. */
function objectOf(members: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> {
  const pairs = Object.entries(members).map(([name, member]) =>
    fc.option(
      member.map((one) => `"${name}":${one}`),
      { freq: 1 },
    ),
  );
  return fc.tuple(...pairs).map((some) => `{${some.filter((one) => one !== null).join(',')}}`);
}

/** A body of a PATCH of the API. */
const update = objectOf({
  organization_name: orNull(text),
  logo_url: orNull(text),
  billing_email: orNull(email),
  notifications_email: orNull(email),
  metadata: orNull(json),
  rate_limits: orNull(limits),
  rate_limit_overrides: orNull(limits),
  default_llm_credentials: orNull(stringMap),
  nsfw_check_enabled: flag,
  unknown: value.map(({ sent }) => sent),
});
/** Or what is no JSON at all. */
const body = fc.oneof({ weight: 8, arbitrary: update }, fc.string({ unit: 'binary' }));
const tier = fc.constantFrom('"free"', '"pro"', '"team"', '"enterprise"');
const organization = objectOf({
  organization_name: text,
  account_type: tier,
  logo_url: orNull(text),
  credit_count: fc.constantFrom('0', '9007199254740991'),
  metadata: json,
  users: orNull(json.map((one) => `[${one},{}]`)),
  billing_email: orNull(email),
  rate_limits_override: limitsOf(limit),
  billing_cycle_start: fc.constantFrom('1', '31'),
  created_at: time,
  updated_at: time,
  default_llm_credentials: stringMap,
  nsfw_fail_closed: fc.constantFrom('true', 'false'),
  auth_provider_org_id: orNull(text),
  api_url: orNull(text),
});
const apiKey = objectOf({
  permissions: fc.constantFrom('["admin"]', '["read","write"]', '["delete","delete"]'),
  status: fc.constantFrom('"active"', '"revoked"', '"expired"'),
  expires_at: orNull(time),
  name: orNull(text),
});
const clock = fc.oneof(
  time.map((one) => `{"frozen_at":${one}}`),
  time.map((one) => `{"running":true,"now":${one}}`),
  fc.constant('{"running":true}'),
);
const index = fc.nat(7);
const what = fc.constantFrom('organizations' as const, 'api-keys' as const);
const send = (method: 'POST' | 'PUT', path: string, body: fc.Arbitrary<string>) =>
  body.map((sent): Operation => ({ do: 'send', method, path, body: sent }));

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('patch' as const), key: fc.constantFrom(0, 0, 0, 4, 5), body }) },
  { weight: 2, arbitrary: send('POST', '/organizations', organization) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('make key' as const), organization: index, body: apiKey }) },
  fc.record({
    do: fc.constant('change' as const),
    what: fc.constant('organizations' as const),
    index,
    body: organization,
  }),
  fc.record({ do: fc.constant('change' as const), what: fc.constant('api-keys' as const), index, body: apiKey }),
  fc.record({ do: fc.constant('delete' as const), what, index }),
  send('PUT', '/clock', clock),
  send('POST', '/clock/advance', fc.constantFrom('{"ms":1}', '{"ms":-86400000}', '{"ms":253402300799999}')),
  send('PUT', '/limits', fc.constantFrom('{"mode":"off"}', '{"mode":"enforce"}')),
  send('POST', '/reset', fc.constant('')),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('snapshot' as const), name: fc.constant('a') }) },
  fc.record({ do: fc.constant('restore' as const), name: fc.constantFrom('a', 'a', 'initial', 'before-reset') }),
  fc.record({ do: fc.constant('import' as const), type: fc.constantFrom('json' as const, 'yaml' as const) }),
);

const idsOf = async (world: World, what: string, id: string): Promise<string[]> =>
  JSON.parse((await world.tell('GET', `/${what}`)).text)[what.replace('-', '_')].map(
    (one: Record<string, string>) => one[id],
  );
const pick = (ids: string[], index: number) => ids[index % ids.length] ?? 'none';
const ID = { organizations: 'organization_id', 'api-keys': 'api_key_id' };

/** Does it; whether it is refused does not matter. */
export async function perform(world: World, operation: Operation): Promise<void> {
  switch (operation.do) {
    case 'patch':
      return void (await world.ask(pick(world.keys, operation.key), 'PATCH', operation.body));
    case 'send':
      return void (await world.tell(operation.method, operation.path, operation.body));
    case 'make key': {
      const organization_id = pick(await idsOf(world, 'organizations', 'organization_id'), operation.organization);
      const members = { organization_id, ...JSON.parse(operation.body) };
      const { status, text } = await world.tell('POST', '/api-keys', JSON.stringify(members));
      return void (status === 201 && world.keys.push(JSON.parse(text).key));
    }
    case 'change':
    case 'delete': {
      const { what, index } = operation;
      const path = `/${what}/${pick(await idsOf(world, what, ID[what]), index)}`;
      if (operation.do === 'delete') return void (await world.tell('DELETE', path));
      return void (await world.tell('PATCH', path, operation.body));
    }
    case 'snapshot':
      return void (await world.tell('PUT', `/snapshots/${operation.name}`));
    case 'restore':
      return void (await world.tell('POST', `/snapshots/${operation.name}/restore`));
    case 'import':
      return void (await world.tell(
        'PUT',
        '/state',
        await world.read(operation.type),
        `application/${operation.type}`,
      ));
  }
}
