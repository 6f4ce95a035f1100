import type { ApiKey } from '../domain/api-key.ts';
import type { Organization } from '../domain/organization.ts';
import type { State } from '../domain/state.ts';
import { toJsonObject } from '../domain/text.ts';
import { type Member, toApiKeyMembers, toOrganizationMembers, toSettingsMembers } from '../seed/write.ts';

/** A member that differs in two states, its values as JSON text. */
export interface Difference {
  kind: 'settings' | 'organizations' | 'api_keys';
  id: string | null;
  /** Null for what was added or removed as a whole. */
  member: string | null;
  before: string;
  after: string;
}

/** What differs in two states, in the order of a seed. */
export function listDifferences(before: State, after: State): Difference[] {
  return [
    ...compareMembers('settings', null, toSettingsMembers(before.settings), toSettingsMembers(after.settings)),
    ...compareAll(
      'organizations',
      toIds(before.organizations, byOrganization),
      toIds(after.organizations, byOrganization),
    ),
    ...compareAll('api_keys', toIds(before.api_keys, byApiKey), toIds(after.api_keys, byApiKey)),
  ];
}

type Identified = Map<string, readonly Member[]>;

const byOrganization = (organization: Organization): [string, Member[]] => [
  organization.organization_id,
  toOrganizationMembers(organization),
];

/** Nobody is shown the hash of a key. */
const byApiKey = (apiKey: ApiKey): [string, Member[]] => [
  apiKey.api_key_id,
  [
    ['organization_id', JSON.stringify(apiKey.organization_id)],
    ...toApiKeyMembers(apiKey).filter(([name]) => name !== 'key_hash'),
  ],
];

const toIds = <T>(values: readonly T[], by: (value: T) => [string, Member[]]): Identified => new Map(values.map(by));

function compareAll(kind: Difference['kind'], before: Identified, after: Identified): Difference[] {
  const differences: Difference[] = [];
  for (const [id, members] of before) {
    const now = after.get(id);
    if (now !== undefined) differences.push(...compareMembers(kind, id, members, now));
    else differences.push({ kind, id, member: null, before: toJsonObject(members), after: 'null' });
  }
  for (const [id, members] of after) {
    if (!before.has(id)) differences.push({ kind, id, member: null, before: 'null', after: toJsonObject(members) });
  }
  return differences;
}

function compareMembers(
  kind: Difference['kind'],
  id: string | null,
  before: readonly Member[],
  after: readonly Member[],
): Difference[] {
  const [then, now] = [new Map(before), new Map(after)];
  return [...new Set([...then.keys(), ...now.keys()])].flatMap((member) => {
    const [was = 'null', is = 'null'] = [then.get(member), now.get(member)];
    return was === is ? [] : { kind, id, member, before: was, after: is };
  });
}

export const toDifferenceJson = ({ before, after, ...rest }: Difference): string =>
  `${JSON.stringify(rest).slice(0, -1)},"before":${before},"after":${after}}`;
