import type { z } from 'zod';
import type { ApiKeyContent, SeedContent } from './content.ts';
import type { FaultSeed } from './fault.ts';

type OrganizationContent = SeedContent['organizations'][number];
type FaultMembers = z.input<typeof FaultSeed>;

/** What an editor shows for each member of a seed. */
export const SEED_DESCRIPTIONS: Record<keyof SeedContent, string> = {
  $schema: 'For editors; ignored.',
  version: 'Version of this format: 1.',
  clock:
    'A time at which the clock is frozen, { frozen_at: TIME }, or { offset_ms: 60000 } from real time. Default: real time.',
  limits:
    'Rate limits: off, headers (counted and reported, never refused), enforce (a 429 beyond the limit). Default headers.',
  tiers: 'Requests a minute and monthly credits of each tier; only what differs.',
  api_version: 'Version of the API, in quotes. Default "0.81".',
  unknown_fields:
    'Members of a body that the API does not know: ignore, as the real service does, or reject with a 422.',
  faults: 'Rules by which requests fail, in their order; 100 at most.',
  organizations: 'At least one. Everything but the id has a default.',
};

export const ORGANIZATION_DESCRIPTIONS: Record<keyof OrganizationContent, string> = {
  organization_id: 'org_, then letters, digits, _ or -',
  organization_name: 'Default: the id.',
  logo_url: 'Default null.',
  account_type: 'The tier, from which follow rate limits and credits. Default free.',
  credit_count: 'Default: the monthly credits of the tier.',
  metadata: 'Any object; digits and order are kept. Default {}.',
  billing_email: 'Default null.',
  rate_limits_override: 'Requests a minute of this organization, where they differ from its tier.',
  auto_billing_enabled: 'Default false.',
  billing_cycle_start: 'Day of the month, 1 to 31. Default 1.',
  current_month_usage: 'Credits used this month. Default 0.',
  created_at: 'A date, or an RFC 3339 time. Default: the time of the start.',
  updated_at: 'A date, or an RFC 3339 time. Default: created_at.',
  users: 'A list of objects, or null. Default null.',
  notifications_email: 'Only in version 0.82 of the API. Default null.',
  default_llm_credentials: 'Provider: name of a secret. Only in version 0.82 of the API. Default {}.',
  nsfw_check_enabled: 'Stored; never in a response. Default false.',
  nsfw_fail_closed: 'Stored; never in a response. Default false.',
  auth_provider_org_id: 'Only in version 0.82 of the API. Default null.',
  api_url: 'Only in version 0.82 of the API. Default null.',
  api_keys: 'Keys of this organization. Only their hashes are stored.',
};

export const API_KEY_DESCRIPTIONS: Record<keyof ApiKeyContent, string> = {
  key: 'sk_, mxp_sk_ or ret_sk_, then letters, digits, _ or -; or else key_hash and key_prefix.',
  key_hash: 'SHA-256 of a key in hex, in place of the key itself.',
  key_prefix: 'First characters of the key that key_hash is of, 10 at most.',
  api_key_id: 'key_, then letters, digits or _. Default: generated from the hash.',
  permissions: 'What the key may do: each of read, write, delete, admin includes those before it. Default [admin].',
  name: 'For people.',
  status: 'A revoked or expired key gets a 401. Default active.',
  expires_at: 'A date, or an RFC 3339 time, from which on the key gets a 401.',
};

export const FAULT_DESCRIPTIONS: Record<keyof FaultMembers, string> = {
  id: 'flt_, then letters, digits or _. Default: flt_1, flt_2, … by its place.',
  preset: 'A well-known rule, of which the other members replace members.',
  name: 'For people. Default: that of the preset.',
  match: 'Which requests: those that are all of it. Default: every one.',
  after_handler: 'The request is carried out, then what follows happens to its answer. Default false.',
  delay_ms: 'Milliseconds, at most an hour: 200, { uniform: [50, 200] } or { lognormal: { median: 800, sigma: 0.5 } }.',
  delay_clock: 'real, or sandbox: it is over when the clock of the sandbox has come that far. Default real.',
  status: 'Of an answer in the place of the real one, 200 to 599.',
  connection: 'What becomes of the connection, or { drip_bytes_per_second: 100 }.',
  headers: 'Of the answer with that status.',
  body: 'Of the answer with that status: an object or a list is sent as JSON, text as text.',
  times: 'It fires so many times at most. Default: unlimited.',
  after: 'It lets the first so many requests that match pass. Default 0.',
  every: 'Of the requests behind them it fails every second (2), every third (3), and so on. Default 1.',
  probability: '0 to 1, drawn for each of those. Default 1.',
  random_seed: 'Number from which follows what is drawn.',
  enabled: 'Default true.',
  ttl_ms: 'How long it lasts, in milliseconds of the clock of the sandbox.',
  expires_at: 'Until when it lasts, by the clock of the sandbox.',
};
