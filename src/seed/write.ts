import type { ApiKey } from '../domain/api-key.ts';
import { toTimestamp } from '../domain/clock.ts';
import { toFaultJson } from '../domain/fault.ts';
import type { Organization } from '../domain/organization.ts';
import type { Settings, State } from '../domain/state.ts';
import { toJsonObject } from '../domain/text.ts';
import { JSON_MEMBERS } from './source.ts';

/** A member and its value as JSON text. */
export type Member = readonly [name: string, json: string];

/** The members of an organization, as a seed has them: what is JSON text is that text. */
export const toOrganizationMembers = (organization: Organization): Member[] =>
  Object.entries(organization).map(([name, value]) => [
    name,
    JSON_MEMBERS.has(name) && value !== null ? String(value) : JSON.stringify(value),
  ]);

/** The members of the settings, as a seed has them. */
export function toSettingsMembers(settings: Settings): Member[] {
  const { clock, limits, tiers, api_version, unknown_fields, faults } = settings;
  const { frozen_at, offset_ms } = clock;
  const seeded = frozen_at === null ? { offset_ms } : { frozen_at: toTimestamp(frozen_at) };
  const members = Object.entries({ clock: seeded, limits, tiers, api_version, unknown_fields }).map(toMember);
  return [...members, ['faults', `[${faults.map(toFaultJson).join(',')}]`]];
}

/** The members of a key, as a seed has them; what is null is left out. */
export function toApiKeyMembers({ organization_id: _, ...apiKey }: ApiKey): Member[] {
  return Object.entries(apiKey)
    .filter(([, value]) => value !== null)
    .map(toMember);
}

/** A state as a seed file in JSON has it. Digits, order and names of metadata are those that were stored. */
export function toJsonSeed(state: State): string {
  const organizations = nest(state).map(([members, keys]) => {
    const list = keys.map((key) => `\n      ${toJsonObject(key)}`).join(',');
    return `\n    ${toJsonObject([...members, ['api_keys', list === '' ? '[]' : `[${list}\n    ]`]])}`;
  });
  const members: Member[] = [['version', '1'], ...toSettingsMembers(state.settings)];
  const lines = members.map(([name, json]) => `  ${JSON.stringify(name)}: ${json},\n`).join('');
  return `{\n${lines}  "organizations": [${organizations.join(',')}\n  ]\n}\n`;
}

/** The same in YAML, of which JSON is a part: values are as there. */
export function toYamlSeed(state: State): string {
  const lines = [['version', '1'] as const, ...toSettingsMembers(state.settings)].map(toLine);
  lines.push('organizations:');
  for (const [members, keys] of nest(state)) {
    members.forEach((member, index) => {
      lines.push(`  ${index === 0 ? '-' : ' '} ${toLine(member)}`);
    });
    if (keys.length > 0) lines.push('    api_keys:', ...keys.map((key) => `      - ${toJsonObject(key)}`));
  }
  return `${lines.join('\n')}\n`;
}

/** Each organization, and the keys that are its own. */
function nest({ organizations, api_keys }: State): [members: Member[], keys: Member[][]][] {
  const byOrganization = new Map<string, Member[][]>();
  for (const apiKey of api_keys) {
    const keys = byOrganization.get(apiKey.organization_id) ?? [];
    keys.push(toApiKeyMembers(apiKey));
    byOrganization.set(apiKey.organization_id, keys);
  }
  return organizations.map((organization) => [
    toOrganizationMembers(organization),
    byOrganization.get(organization.organization_id) ?? [],
  ]);
}

const toMember = ([name, value]: [string, unknown]): Member => [name, JSON.stringify(value)];
const toLine = ([name, json]: Member) => `${name}: ${json}`;
