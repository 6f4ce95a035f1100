import * as z from 'zod';
import { UPDATABLE_MEMBERS } from '../domain/organization.ts';
import { readJsonTree } from '../pydantic/json-tree.ts';
import type { JournalEntry } from '../sandbox/journal-entry.ts';
import { RequestMatcher } from '../sandbox/request-matcher.ts';
import { category, number, Paging, sentTime } from './routes.ts';

const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, `expected one of ${values.join(', ')}`);

const bodyFilter = z
  .string()
  // Not nested deeper than a body may be, either.
  .refine((text) => readJsonTree(text) instanceof Map, 'expected a JSON object, as text')
  .describe('A JSON object of which the body has everything; a body that was kept in part never does');

/** What of the journal is asked for. */
export const Filters = z.strictObject({
  view: oneOf(['entries', 'summary'])
    .default('entries')
    .describe('summary: a line for each request that has ended, without bodies and headers'),
  order: oneOf(['oldest', 'newest']).default('oldest').describe('Which come first'),
  method: z.string().optional().describe('In any letter case'),
  path: z.string().optional().describe('The whole path, without the query'),
  status: number('Of the answer').optional(),
  api_key_id: z.string().optional(),
  organization_id: z.string().optional(),
  request_id: z.string().optional(),
  bucket: oneOf(category.options).optional().describe('Which bucket was charged'),
  changed: oneOf(['true', 'false', ...UPDATABLE_MEMBERS])
    .optional()
    .describe('Whether it changed anything, or the member that it changed'),
  fault: z
    .string()
    .regex(/^(?:true|header|flt_[A-Za-z0-9_]{1,64})$/, 'expected true, or the id of a rule: flt_…')
    .optional()
    .describe('The id of the rule that fired; true for any'),
  body: bodyFilter.optional(),
  since: sentTime().describe('Received then or later').optional(),
  before: number('Only what has a smaller seq; for the next page where the newest come first').optional(),
  ...Paging.shape,
});
export type Filters = z.output<typeof Filters>;

/** Whether an entry passes the filters, but for those by its `seq`. */
export function buildIsWanted(filters: Filters): (entry: JournalEntry) => boolean {
  const { view, path, bucket, changed, fault, method, body, status, request_id, since, api_key_id, organization_id } =
    filters;
  const matcher = new RequestMatcher({ method, api_key_id, organization_id, request_id, since, body });
  return (entry) =>
    (view === 'entries' || entry.ms !== undefined) &&
    (path === undefined || entry.url.split('?', 1)[0] === path) &&
    (status === undefined || entry.status === status) &&
    (bucket === undefined || entry.category === bucket) &&
    (changed === undefined || hasChanged(entry, changed)) &&
    (fault === undefined || (fault === 'true' ? entry.fault !== undefined : entry.fault?.id === fault)) &&
    matcher.matches(entry);
}

function hasChanged({ changes = [] }: JournalEntry, wanted: NonNullable<Filters['changed']>): boolean {
  if (wanted === 'true' || wanted === 'false') return changes.length > 0 === (wanted === 'true');
  return changes.some(({ member }) => member === wanted);
}
