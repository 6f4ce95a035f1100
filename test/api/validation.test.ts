import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BODY_LIMIT } from '../../src/http/envelope.ts';
import { validateEmail } from '../../src/pydantic/email.ts';
import { INTEGER_PROBLEMS } from '../../src/pydantic/lax-integer.ts';
import { ACME, buildTestApp, errorBody, validationError } from '../support/harness.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');

const NO_MODEL = {
  type: 'model_attributes_type',
  loc: ['body'],
  msg: 'Input should be a valid dictionary or object to extract fields from',
};
const MISSING = { type: 'missing', loc: ['body'], msg: 'Field required' };
const UNREADABLE = errorBody(400, 'BadRequestError', 'There was an error parsing the body');
const notJson = (offset: number, error: string) => ({
  type: 'json_invalid',
  loc: ['body', offset],
  msg: 'JSON decode error',
  ctx: { error },
});

describe('the body as a whole', () => {
  it.each([
    ['nothing', '', MISSING],
    ['null', 'null', MISSING],
    ['blanks and null', ' \nnull ', MISSING],
    ['an array', '[]', NO_MODEL],
    ['a string', '"{}"', NO_MODEL],
    ['a number', '1', NO_MODEL],
    ['a boolean', 'true', NO_MODEL],
    ['NaN', 'NaN', NO_MODEL],
    ['blanks', '   ', notJson(3, 'Expecting value')],
    ['half an object', '{', notJson(1, 'Expecting property name enclosed in double quotes')],
    ['a word', 'hello', notJson(0, 'Expecting value')],
    ['an offset in code points', '{"😀😀": x}', notJson(7, 'Expecting value')],
    ['a trailing comma', '{"a":1,}', notJson(7, 'Expecting property name enclosed in double quotes')],
    ['more behind it', '{} {}', notJson(3, 'Extra data')],
    ['an unterminated string', '{"a":"b', notJson(5, 'Unterminated string starting at')],
    ['a string that ends in a backslash', '{"a":"b\\', notJson(5, 'Unterminated string starting at')],
    ['no colon', '{"a" 1}', notJson(5, "Expecting ':' delimiter")],
    ['no comma in an object', '{"a":1 "b":2}', notJson(7, "Expecting ',' delimiter")],
    ['no comma in an array', '{"a":[1 2]}', notJson(8, "Expecting ',' delimiter")],
    ['a leading zero', '{"a":01}', notJson(6, "Expecting ',' delimiter")],
    ['a period without digits', '{"a":1.}', notJson(6, "Expecting ',' delimiter")],
    ['a sign without digits', '{"a":-}', notJson(5, 'Expecting value')],
    ['half a word', '{"a":tru}', notJson(5, 'Expecting value')],
    ['a control character in a string', '{"a":"é\n"}', notJson(7, 'Invalid control character at')],
    ['an unknown escape', '{"a":"\\x"}', notJson(6, 'Invalid \\escape')],
    ['an escape of two digits', '{"a":"\\u12"}', notJson(7, 'Invalid \\uXXXX escape')],
    ['an escape with another letter', '{"a":"\\u12g4"}', notJson(7, 'Invalid \\uXXXX escape')],
  ])('%s', async (_name, body, error) => {
    const { patch, get } = await buildTestApp();
    const answer = await patch(body);
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual(validationError(error));
    expect((await get()).json).toEqual(ACME);
  });

  it.each([
    ['a byte that is no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['an overlong form', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a cut sequence', Buffer.from('{"a":"é"}').subarray(0, 7)],
  ])('%s is a 400', async (_name, body) => {
    const { patch } = await buildTestApp();
    const answer = await patch(body);
    expect([answer.status, answer.json]).toEqual([400, UNREADABLE]);
  });

  it.each<[string, Buffer, number]>([
    ['UTF-16, little end first', Buffer.from('{"logo_url":"x"}', 'utf16le'), 200],
    ['UTF-16, big end first', Buffer.from('{"logo_url":"x"}', 'utf16le').swap16(), 200],
    ['UTF-16, cut in a character', Buffer.from('{"a":1}', 'utf16le').subarray(0, 13), 400],
    ['UTF-32', Buffer.from([...'{ }'].flatMap((char) => [char.charCodeAt(0), 0, 0, 0])), 200],
    ['UTF-32, big end first', Buffer.from([...'{ }'].flatMap((char) => [0, 0, 0, char.charCodeAt(0)])), 200],
    ['UTF-32 beyond Unicode, big end first', Buffer.from([0, 0, 0, 0x7b, 0, 0x11, 0, 0]), 400],
    ['UTF-32 beyond Unicode', Buffer.from([0x7b, 0, 0, 0, 0, 0, 0x11, 0]), 400],
    ['a NUL in front of UTF-8', Buffer.from('\0"a"'), 422],
  ])('%s is read as Python guesses it', async (_name, body, status) => {
    const { patch } = await buildTestApp();
    expect((await patch(body)).status).toBe(status);
  });

  it('a leading byte order mark is dropped', async () => {
    const { patch } = await buildTestApp();
    expect((await patch('\ufeff{"organization_name":"B"}')).json.organization_name).toBe('B');
    expect((await patch('\ufeff?')).json).toEqual(validationError(notJson(0, 'Expecting value')));
  });

  it.each([
    ['application/json', true],
    ['Application/JSON; charset=latin1', true],
    ['application/json;nonsense', true],
    ['application/json ; a=b', true],
    ['application/merge-patch+json', true],
    ['application/+json', true],
    ['', true],
    ['text/json', false],
    ['text/plain', false],
    ['application/x-www-form-urlencoded', false],
    ['application/jsonp', false],
    ['application/json/x', false],
    ['application', false],
    [';;;', false],
    ['application/json, text/plain', false],
  ])('Content-Type %s is read as JSON: %s', async (type, isJson) => {
    const { patch } = await buildTestApp();
    const answer = await patch('{"logo_url":"x"}', { headers: { 'content-type': type } });
    if (isJson) expect(answer.json.logo_url).toBe('x');
    else expect([answer.status, answer.json]).toEqual([422, validationError(NO_MODEL)]);
  });

  it('no Content-Type at all is read as JSON; an empty body is missing whatever its type', async () => {
    const { send } = await buildTestApp();
    const payload = '{"logo_url":"x"}';
    expect((await send({ method: 'PATCH', payload })).json.logo_url).toBe('x');
    const headers = { 'content-type': 'text/plain' };
    expect((await send({ method: 'PATCH', headers })).json).toEqual(validationError(MISSING));
    expect((await send({ method: 'PATCH' })).json).toEqual(validationError(MISSING));
  });

  it('is nested 100 levels deep at most', async () => {
    const { patch } = await buildTestApp();
    const nested = (levels: number) => `{"metadata":{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`;
    const tooDeep = { type: 'value_error', loc: ['body'], msg: 'Value error, nested more than 100 levels deep' };
    expect((await patch(nested(100))).status).toBe(200);
    expect((await patch(nested(101))).json).toEqual(validationError(tooDeep));
    expect((await patch('['.repeat(100_000))).json).toEqual(validationError(tooDeep));
    expect((await patch(`[x${'['.repeat(200)}`)).json).toEqual(validationError(notJson(1, 'Expecting value')));
  });

  it('is 1 MiB long at most', async () => {
    const { patch } = await buildTestApp();
    const body = (length: number) => `{"logo_url":"${'x'.repeat(length - 15)}"}`;
    expect(body(BODY_LIMIT)).toHaveLength(BODY_LIMIT);
    expect((await patch(body(BODY_LIMIT))).status).toBe(200);
    const answer = await patch(body(BODY_LIMIT + 1));
    expect(answer.json).toEqual(
      errorBody(413, 'PayloadTooLargeError', 'Request body is too large', { limit_bytes: 1_048_576 }),
    );
    expect(answer.headers.connection).not.toBe('close');
  });
});

describe('a member of the wrong type', () => {
  const NO_STRING = { type: 'string_type', msg: 'Input should be a valid string' };
  const NO_DICT = { type: 'dict_type', msg: 'Input should be a valid dictionary' };
  const NO_LIMITS = { type: NO_MODEL.type, msg: NO_MODEL.msg };
  const UNSTORABLE = {
    type: 'value_error',
    msg: 'Value error, null characters and unpaired surrogates are not allowed',
  };
  const INFINITE = { type: 'finite_number', msg: 'Input should be a finite number' };

  type Row = [member: string, value: string, error: { type: string; msg: string }];
  const rows = (member: string, values: string[], error: Row[2]) => values.map((value): Row => [member, value, error]);

  it.each<Row>([
    ...['organization_name', 'logo_url', 'billing_email'].flatMap((member) => [
      ...rows(member, ['1', 'true', '[]', '{}', 'NaN'], NO_STRING),
      ...rows(member, ['"a\\ud800@c.com"', '"\\udc00"'], UNSTORABLE),
    ]),
    ...rows('organization_name', ['"a\\u0000"'], UNSTORABLE),
    ...rows('logo_url', ['"\\u0000"'], UNSTORABLE),
    ...rows('metadata', ['1', '"{}"', '[]', 'false', 'NaN'], NO_DICT),
    ...rows('metadata', ['{"a":NaN}', '{"a":[{"b":-Infinity}]}'], INFINITE),
    ...rows('rate_limits', ['1', '"{}"', '[]', 'true'], NO_LIMITS),
  ])('%s: %s', async (member, value, error) => {
    const { patch, get } = await buildTestApp();
    const answer = await patch(`{"${member}":${value}}`);
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual(validationError({ ...error, loc: ['body', member] }));
    expect((await get()).json).toEqual(ACME);
  });

  it('NaN in a string, a name or a value that was given again is none', async () => {
    const { patch } = await buildTestApp();
    const answer = await patch('{"metadata":{"NaN":"a\\"Infinity\\\\","x":NaN,"x":1}}');
    expect(answer.json.metadata).toEqual({ NaN: 'a"Infinity\\', x: 1 });
  });

  it('all errors are reported together, in the order of the model', async () => {
    const { patch } = await buildTestApp();
    const answer = await patch(
      '{"rate_limits":{"compute":0,"upload":"x","search":1.5,"data":null,"metadata":1e400},"metadata":[],' +
        '"billing_email":1,"logo_url":2,"organization_name":3}',
    );
    const limit = (category: string, type: string, msg: string, ctx?: unknown) => ({
      type,
      loc: ['body', 'rate_limits', category],
      msg,
      ...(ctx !== undefined && { ctx }),
    });
    expect(answer.json).toEqual(
      validationError(
        { ...NO_STRING, loc: ['body', 'organization_name'] },
        { ...NO_STRING, loc: ['body', 'logo_url'] },
        { ...NO_STRING, loc: ['body', 'billing_email'] },
        { ...NO_DICT, loc: ['body', 'metadata'] },
        limit('metadata', 'finite_number', 'Input should be a finite number'),
        limit('data', 'int_type', 'Input should be a valid integer'),
        limit('search', 'int_from_float', 'Input should be a valid integer, got a number with a fractional part'),
        limit('upload', 'int_parsing', 'Input should be a valid integer, unable to parse string as an integer'),
        limit('compute', 'greater_than_equal', 'Input should be greater than or equal to 1', { ge: 1 }),
      ),
    );
    expect(answer.headers['x-mixpeek-mock-hint']).toBe('organization_name: must be a string');
  });

  it('one wrong member keeps the right ones from being applied', async () => {
    const { patch, get } = await buildTestApp();
    await patch({ organization_name: 'Applied?', rate_limits: { search: 5, data: 0 } });
    expect((await get()).json).toEqual(ACME);
  });
});

describe('the hint of a 422', () => {
  it.each([
    ['', 'the body: send a JSON object, {} at least'],
    ['[]', 'the body: must be a JSON object, sent as application/json'],
    ['{"a":é}', 'the body: not JSON at offset 5: Expecting value'],
    ['['.repeat(101), 'the body: Value error, nested more than 100 levels deep'],
    ['{"logo_url":1,"metadata":2}', 'logo_url: must be a string'],
    ['{"metadata":2}', 'metadata: must be a JSON object'],
    ['{"metadata":{"a":NaN}}', 'metadata: must not hold NaN or Infinity'],
    ['{"rate_limits":[]}', 'rate_limits: must be a JSON object, sent as application/json'],
    ['{"rate_limits":{"search":"x"}}', 'rate_limits.search: must be an integer from 1 to 9007199254740991'],
    ['{"rate_limits":{"data":0}}', 'rate_limits.data: must be an integer from 1 to 9007199254740991'],
    [
      '{"billing_email":"é@"}',
      'billing_email: value is not a valid email address: There must be something after the @-sign.',
    ],
    ['{"é":1}', '?: is not a member of the model; --unknown-fields ignore accepts it'],
  ])('%s: %s', async (body, hint) => {
    const { patch } = await buildTestApp({ unknownFields: 'reject' });
    expect((await patch(body)).headers['x-mixpeek-mock-hint']).toBe(hint);
  });

  const INTEGER = 'must be an integer from 1 to 9007199254740991';
  const UNSTORABLE = 'Value error, null characters and unpaired surrogates are not allowed';
  it.each([
    ['{"default_llm_credentials":{"openai":1}}', 'default_llm_credentials.openai: must be a string'],
    ['{"default_llm_credentials":{"a":"\\u0000"}}', `default_llm_credentials.a: ${UNSTORABLE}`],
    ['{"default_llm_credentials":{"\\ud800":"x"}}', `default_llm_credentials.???: ${UNSTORABLE}`],
    ['{"default_llm_credentials":[]}', 'default_llm_credentials: must be a JSON object'],
    ['{"rate_limit_overrides":{"search":null}}', `rate_limit_overrides.search: ${INTEGER}`],
    ['{"rate_limit_overrides":{"search":NaN}}', `rate_limit_overrides.search: ${INTEGER}`],
    ['{"rate_limit_overrides":{"search":9007199254740992}}', `rate_limit_overrides.search: ${INTEGER}`],
    ['{"rate_limit_overrides":{"search":"\\ud800"}}', `rate_limit_overrides.search: ${INTEGER}`],
    ['{"nsfw_check_enabled":"\\ud800"}', `nsfw_check_enabled: ${INTEGER_PROBLEMS.string_unicode}`],
    ['{"nsfw_check_enabled":[]}', 'nsfw_check_enabled: Input should be a valid boolean'],
  ])('of 0.82: %s: %s', async (body, hint) => {
    const { patch } = await buildTestApp({ apiVersion: '0.82' });
    expect((await patch(body)).headers['x-mixpeek-mock-hint']).toBe(hint);
  });
});

describe('--unknown-fields reject', () => {
  const extra = (...loc: string[]) => ({
    type: 'extra_forbidden',
    loc: ['body', ...loc],
    msg: 'Extra inputs are not permitted',
  });

  it('refuses unknown members after all other errors, in the order of the body', async () => {
    const { patch } = await buildTestApp({ unknownFields: 'reject' });
    const body = '{"zzz":1,"10":1,"2":1,"logo_url":3,"rate_limits":{"serach":1,"__proto__":1},"__proto__":2}';
    expect((await patch(body)).json).toEqual(
      validationError(
        { type: 'string_type', loc: ['body', 'logo_url'], msg: 'Input should be a valid string' },
        extra('rate_limits', 'serach'),
        extra('rate_limits', '__proto__'),
        extra('zzz'),
        extra('10'),
        extra('2'),
        extra('__proto__'),
      ),
    );
  });

  it('lets the members of the model pass', async () => {
    const { patch } = await buildTestApp({ unknownFields: 'reject' });
    expect((await patch({ organization_name: 'Known', rate_limits: { data: 3 } })).status).toBe(200);
  });
});

describe('a category of rate_limits', () => {
  const rows = fixture('integers.jsonl').map(
    (line) => JSON.parse(line) as { json: string; ok?: number; type: string; msg: string },
  );

  it.each(rows)('$json', async ({ json, ok, type, msg }) => {
    const { patch } = await buildTestApp();
    const answer = await patch(`{"rate_limits":{"search":${json}}}`);
    const loc = ['body', 'rate_limits', 'search'];
    if (ok === undefined) {
      const ctx = type === 'greater_than_equal' ? { ctx: { ge: 1 } } : {};
      expect(answer.json).toEqual(validationError({ type, loc, msg, ...ctx }));
    } else if (ok <= Number.MAX_SAFE_INTEGER) {
      expect(answer.json.rate_limits.search).toBe(ok);
    } else {
      const le = Number.MAX_SAFE_INTEGER;
      const error = { type: 'less_than_equal', loc, msg: `Input should be less than or equal to ${le}`, ctx: { le } };
      expect(answer.json).toEqual(validationError(error));
    }
  });

  it.each([
    ['"0__5"', 5],
    ['"+000_59"', 59],
    ['"0-5"', 'greater_than_equal'],
    ['"-0_5"', 'greater_than_equal'],
    ['"0-0_9"', 'int_parsing'],
    ['"00-00"', 'int_parsing'],
    ['"0-0"', 'greater_than_equal'],
    ['"0_-5"', 'greater_than_equal'],
    ['"0-_5"', 'greater_than_equal'],
    ['"0-5_0"', 'greater_than_equal'],
    ['"0-5.0"', 'greater_than_equal'],
    ['"0-5_"', 'int_parsing'],
    ['"0-5__0"', 'int_parsing'],
    ['"0--5"', 'int_parsing'],
    ['"-0-5"', 'int_parsing'],
    ['"+0-5"', 'greater_than_equal'],
    ['"0-+5"', 'int_parsing'],
    ['"0+5"', 'int_parsing'],
    ['"++5"', 'int_parsing'],
    ['"-+5"', 'int_parsing'],
    ['"0_"', 'int_parsing'],
    ['"0_0"', 'greater_than_equal'],
    ['"0_.0"', 'int_parsing'],
    ['"0_0.0"', 'greater_than_equal'],
    ['"5."', 'int_parsing'],
    ['"5_.0"', 'int_parsing'],
    ['"5._0"', 'int_parsing'],
    ['"5.0_0"', 'int_parsing'],
    ['"5.0.0"', 'int_parsing'],
    ['"05.00"', 5],
    ['"1_0_0"', 100],
    ['"_5"', 'int_parsing'],
    ['"0 5"', 'int_parsing'],
    [`"${'0'.repeat(5000)}5"`, 5],
    [`"0${'9'.repeat(4300)}"`, 'less_than_equal'],
    [`"0${'9'.repeat(4301)}"`, 'int_parsing'],
    ['"-_5"', 'int_parsing'],
    ['"+-5"', 'int_parsing'],
    ['"\\ud800"', 'string_unicode'],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 'less_than_equal'],
    ['1e18', 'less_than_equal'],
    [`-${'9'.repeat(5000)}`, 'greater_than_equal'],
    ['9'.repeat(5000), 'less_than_equal'],
    [`"${'9'.repeat(4300)}"`, 'less_than_equal'],
    [`"${'9'.repeat(4301)}"`, 'int_parsing_size'],
    [`" ${'9'.repeat(4301)}"`, 'int_parsing'],
    ['9223372036854775808.0', 'int_parsing_size'],
    ['-9223372036854775808.0', 'int_parsing_size'],
  ])('%s, as observed beside the rows', async (json, expected) => {
    const { patch } = await buildTestApp();
    const { json: body } = await patch(`{"rate_limits":{"search":${json}}}`);
    if (typeof expected === 'number') expect(body.rate_limits.search).toBe(expected);
    else expect(body.detail.map(({ type }: { type: string }) => type)).toEqual([expected]);
  });
});

describe('billing_email', () => {
  it.each([
    ['blanks', `${' '.repeat(2040)}x`],
    ['blanks in angle brackets', `${' '.repeat(1000)}${'a '.repeat(500)}<>`],
    ['words', `${'a '.repeat(1000)}<${'b'.repeat(40)}>`],
    ['quotes', `"${'" '.repeat(1000)}<b>`],
    ['a megabyte of blanks', `${' '.repeat(1_000_000)}x`],
    ['marks', `a${'\u0301'.repeat(2000)}@b.com`],
    ['one label', `a@${'𐌰'.repeat(2000)}.com`],
    ['a label of letters', `a@${'é'.repeat(2000)}.com`],
    ['a label of middle dots', `a@${'・'.repeat(1990)}あ.com`],
    ['a label of digits', `a@${'\u0661'.repeat(1990)}あ.com`],
  ])('is refused fast: %s', (_name, email) => {
    // Not by the clock on the wall: another process may have the processor.
    const before = process.cpuUsage();
    expect(validateEmail(email)).toHaveProperty('reason');
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });

  it.each([
    ['a@xn--0ca.com', 'a@à.com'],
    ['a@XN--0CA.com', 'a@à.com'],
    ['a@xn--a-0fa.com', 'a@aä.com'],
  ])('%s, whose Punycode is canonical, is kept as %s', (email, address) => {
    expect(validateEmail(email)).toEqual({ address });
  });

  it('may have a middle dot between two letters l, and nowhere else', () => {
    expect(validateEmail('a@paral·lel.cat')).toEqual({ address: 'a@paral·lel.cat' });
    for (const label of ['paral·el', 'para·lel', '·l', 'l·']) {
      expect(validateEmail(`a@${label}.cat`)).toEqual({
        reason: expect.stringContaining('is invalid (Codepoint U+00B7'),
      });
    }
  });

  const fake = 'A-label is not the canonical Punycode encoding of its U-label';
  it.each([
    ['a@xn---0ca.com', `is not valid IDNA (${fake})`],
    ['a@XN---0CA.com', `is not valid IDNA (${fake})`],
    ['a@b.xn---0ca.com', `is not valid IDNA (${fake})`],
    ['a@xn---0ca.bücher.com', `is invalid (${fake})`],
    ['a@xn---9uc.com', `is not valid IDNA (${fake})`],
    ['a@xn----0ca.com', 'is not valid IDNA (Label must not start or end with a hyphen)'],
    ['a@xn--9.com', 'is not valid IDNA (Invalid A-label)'],
    [`a@${'・'.repeat(255)}.com`, 'is invalid (Label too long)'],
    [`a@${'b'.repeat(255)}.é.com`, 'is invalid (Label too long)'],
    [`a@${'é.'.repeat(511)}com`, 'contains invalid characters (Domain too long)'],
  ])('%s is refused as idna 3.20 does', (email, problem) => {
    expect(validateEmail(email)).toEqual({ reason: `The part after the @-sign ${problem}.` });
  });

  it.each([
    ['"a b"@example.com', 'Quoting the part before the @-sign is not allowed here.'],
    ['"a\u00a0b"@example.com', 'The email address contains unsafe characters: NO-BREAK SPACE.'],
    ['"a\u200bb"@example.com', 'The email address contains unsafe characters: ZERO WIDTH SPACE.'],
  ])('a space in quotes is safe, what cannot be seen is not: %j', (email, reason) => {
    expect(validateEmail(email)).toEqual({ reason });
  });

  const rows = fixture('emails.jsonl').map(
    (line) => JSON.parse(line) as { email: string; ok?: string; reason: string },
  );

  it.each(rows)('$email', async ({ email, ok, reason }) => {
    const { patch } = await buildTestApp();
    const answer = await patch({ billing_email: email });
    if (ok !== undefined) {
      expect(answer.json.billing_email).toBe(ok);
    } else {
      const msg = `value is not a valid email address: ${reason}`;
      const error = { type: 'value_error', loc: ['body', 'billing_email'], msg, ctx: { reason } };
      expect(answer.json).toEqual(validationError(error));
    }
  });
});
