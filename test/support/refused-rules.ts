export const withFaults = (faults: string, before = '') =>
  `version: 1\n${before}faults:\n${faults}\norganizations: [{ organization_id: org_a }]\n`;

export const withFaultsInJson = (faults: string) =>
  `{"version": 1,\n"faults": ${faults},\n"organizations": [{"organization_id": "org_a"}]}`;

const NOTHING =
  'expected something to do: delay_ms, status or connection, or a preset: flaky, slow, lost-answer, maintenance, auth-outage';

/** Fault rules, each with the paths and messages of what is wrong with it. */
export const REFUSED_RULES: [rule: object, problems: [path: string[], message: string][]][] = [
  [{}, [[[], NOTHING]]],
  [{ times: 2 }, [[[], NOTHING]]],
  [{ status: 199 }, [[['status'], 'expected a whole number from 200 to 599']]],
  [{ status: 503, evry: 2 }, [[['evry'], 'unknown member: did you mean every?']]],
  [
    { status: 503, match: { verb: 'GET' } },
    [
      [
        ['match', 'verb'],
        'unknown member: expected one of method, path, api_key_id, permission, organization_id, body',
      ],
    ],
  ],
  [
    { status: 503, match: { path: 'v1' } },
    [[['match', 'path'], 'expected a path that begins with /; * and ** stand for anything']],
  ],
  [
    { status: 503, match: { body: [1] } },
    [[['match', 'body'], 'expected an object, of which the body must have everything']],
  ],
  [
    { connection: 'rest' },
    [
      [
        ['connection'],
        'expected reset, close, hang, headers_then_silence, half_body, malformed_json, or {"drip_bytes_per_second": 100}',
      ],
    ],
  ],
  [{ connection: 'reset', status: 503 }, [[['status'], 'with connection reset nothing is answered: leave it out']]],
  [
    { delay_ms: -1 },
    [[['delay_ms'], 'expected milliseconds, {"uniform": [50, 200]} or {"lognormal": {"median": 800, "sigma": 0.5}}']],
  ],
  [{ delay_ms: { uniform: [5, 4] } }, [[['delay_ms', 'uniform'], 'expected the smaller number first']]],
  [{ status: 503, delay_clock: 'real' }, [[['delay_clock'], 'goes with delay_ms only']]],
  [{ delay_ms: 5, body: 'x' }, [[['body'], 'goes with status only: say which answer has it']]],
  [{ status: 204, body: 'x' }, [[['body'], 'an answer with status 204 has none']]],
  [
    { status: 503, headers: { 'Content-Length': '1' } },
    [[['headers', 'Content-Length'], "is the server's own header: see connection"]],
  ],
  [{ status: 503, headers: { 'X A': 'a' } }, [[['headers', 'X A'], 'is not the name of a header']]],
  [{ status: 503, body: 'a\0' }, [[['body'], 'null characters and unpaired surrogates are not allowed']]],
  [{ status: 503, body: 5 }, [[['body'], 'expected an object, a list or text']]],
  [
    { status: 503, headers: { 'X-A': 'a\r\nb' } },
    [[['headers', 'X-A'], 'a header has characters of Latin-1, and no line breaks']],
  ],
  [{ status: 503, probability: 1.5 }, [[['probability'], 'expected a number from 0 to 1']]],
  [
    { status: 503, random_seed: 1 },
    [[['random_seed'], 'nothing is drawn: it goes with probability, or with a delay that is drawn']],
  ],
  [{ status: 503, ttl_ms: 1, expires_at: '2030-01-01' }, [[['ttl_ms'], 'expected either ttl_ms or expires_at']]],
  [{ preset: 'flakey' }, [[['preset'], 'did you mean flaky?']]],
  [{ status: 503, id: 'x' }, [[['id'], 'expected flt_, then letters, digits or _']]],
];

/** Lists of them in YAML, with what is said of each: line, column, and why. */
export const REFUSED_FAULTS: [name: string, faults: string, lines: string[]][] = [
  ['a member of no rule', '  - status: 503\n    evry: 2', ['5:5: faults[0].evry: unknown member: did you mean every?']],
  ['nothing to do', '  - { times: 2 }', [`4:5: faults[0]: ${NOTHING}`]],
  [
    'a mistake in a match',
    '  - { status: 503 }\n  - status: 503\n    match:\n      method: PATCH\n      path: v1',
    ['8:7: faults[1].match.path: expected a path that begins with /; * and ** stand for anything'],
  ],
  [
    'two ids that are one',
    '  - { id: flt_a, status: 503 }\n  - { id: flt_a, status: 502 }',
    ['5:7: faults[1].id: duplicate id, first used at faults[0]'],
  ],
  [
    'members that exclude each other, in two rules',
    '  - { status: 503, connection: reset }\n  - status: 503\n    ttl_ms: 5\n    expires_at: 2030-01-01',
    [
      '4:7: faults[0].status: with connection reset nothing is answered: leave it out',
      '6:5: faults[1].ttl_ms: expected either ttl_ms or expires_at',
    ],
  ],
];

/** The same in JSON; of the last only how it begins. */
export const REFUSED_FAULTS_IN_JSON: [name: string, faults: string, lines: string[]][] = [
  [
    'a member of no rule',
    '[\n  {"status": 503, "evry": 2}]',
    ['3:19: faults[0].evry: unknown member: did you mean every?'],
  ],
  ['one that is none', '{"status": 503}', ['2:1: faults: expected a list, found an object']],
  ['a value', '[{"connection": "rest"}]', ['2:13: faults[0].connection: expected reset']],
];
