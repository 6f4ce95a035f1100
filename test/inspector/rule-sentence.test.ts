import { expect, it } from 'vitest';
import type { FaultView } from '../../src/control/faults.ts';
import { describeRule } from '../../src/inspector/rule-sentence.ts';

const RULES: [rule: Partial<FaultView>, sentence: string][] = [
  [{ status: 500, times: 1 }, 'Answers 500 for the next request.'],
  [{ status: 500, times: 1, fired: 1 }, 'Answers 500 for each request, once. It is done.'],
  [{ status: 503, times: 3, fired: 1 }, 'Answers 503 for the next 2 requests.'],
  [
    { status: 503, times: 3, match: { method: 'PATCH', path: '/v1/organizations' } },
    'Answers 503 for the next 3 PATCH /v1/organizations.',
  ],
  [{ connection: 'half_body', every: 3 }, 'Sends half of the body for every 3rd request.'],
  [{ connection: 'hang', every: 11, after: 1 }, 'Never answers for every 11th request behind the first one.'],
  [
    { connection: 'headers_then_silence', every: 2, times: 4, after: 5 },
    'Sends headers, then nothing for every 2nd request behind the first 5, 4 times.',
  ],
  [{ delay_ms: 2000, connection: 'reset' }, 'Waits 2 s, resets the connection for each request.'],
  [{ delay_ms: { uniform: [1, 2] }, connection: 'close' }, 'Waits a while, closes the connection for each request.'],
  [{ connection: { drip_bytes_per_second: 10 } }, 'Sends 10 bytes a second for each request.'],
  [{ connection: 'malformed_json', probability: 0.25 }, 'Sends JSON that is malformed for each request, 25 % of them.'],
  [
    { after_handler: true, connection: 'reset', match: { method: 'PATCH', organization_id: 'org_a', body: '{}' } },
    'Makes the change, then resets the connection for each PATCH with organization_id, body.',
  ],
  [{ status: 503, match: { path: '/\u202e' } }, 'Answers 503 for each /\\u202e.'],
];

it.each(RULES)('%j is: %s', (rule, sentence) => {
  expect(describeRule({ id: 'flt_1', matched: 0, fired: 0, ...rule })).toBe(sentence);
});
