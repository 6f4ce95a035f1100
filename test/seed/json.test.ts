import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSeed } from '../../src/seed/unread.ts';
import { makeFolder } from '../support/folder.ts';
import { problems, read } from '../support/seed.ts';

const withMetadata = (json: string) =>
  `{"version": 1, "organizations": [{"organization_id": "org_a", "metadata": ${json}}]}`;

describe('a JSON file', () => {
  it.each([
    [
      '{"a": 1.10, "b": -0, "c": 1e400, "d": 12345678901234567890}',
      '{"a":1.10,"b":-0,"c":1e400,"d":12345678901234567890}',
    ],
    ['{"10": 1, "2": 2, "__proto__": 3}', '{"10":1,"2":2,"__proto__":3}'],
    ['{"a": "\\u00e9\\ud800\\u0000"}', '{"a":"\\u00e9\\ud800\\u0000"}'],
    ['{"a": "no", "b": "012", "c": [true, null]}', '{"a":"no","b":"012","c":[true,null]}'],
    [' { } ', '{}'],
  ])('keeps metadata %s as %s', async (json, metadata) => {
    for (const name of ['seed.json', 'seed.yaml', 'seed.JSON', 'seed']) {
      expect((await read(withMetadata(json), name)).state.organizations[0]?.metadata).toBe(metadata);
    }
  });

  it('is read as the same file in YAML is', async () => {
    const json = `{"$schema": {"a": 1}, "version": 1.0, "tiers": {"pro": {"metadata": 120}}, "organizations": [
      {"organization_id": "org_a", "organization_name": "\\u00e9", "logo_url": null, "metadata": {"region": "eu"},
       "users": [{"id": 1}], "api_keys": [{"key": "sk_test_acme", "permissions": ["read"]}]}]}`;
    const yaml = `version: 1
tiers: { pro: { metadata: 120 } }
organizations:
  - organization_id: org_a
    organization_name: é
    metadata: { region: eu }
    users: [{ id: 1 }]
    api_keys: [{ key: sk_test_acme, permissions: [read] }]`;
    expect(await read(json, 'seed.json')).toEqual(await read(yaml));
  });

  it.each([
    ['', '1:1: not JSON: the text ends too early'],
    ['null', '1:1: the file: is empty: expected version and organizations'],
    ['[]', '1:1: the file: expected an object, found a list'],
    [
      'version: 1',
      '1:1: not JSON: expected a value: text needs double quotes, a number begins with a digit or a minus',
    ],
    [
      '{\n  "version": 1\n  "organizations": []\n}',
      '3:3: not JSON: a comma or a closing bracket is missing before this',
    ],
    ['{"version": 1,}', '1:15: not JSON: a comma before } is not allowed: remove it'],
    ['{"organizations": [1,\n]}', '2:1: not JSON: a comma before ] is not allowed: remove it'],
    ['{"version": 1, // one\n}', '1:16: not JSON: JSON has no comments: remove it, or write the seed in YAML'],
    ['{"version": 1 /* one */}', '1:15: not JSON: JSON has no comments: remove it, or write the seed in YAML'],
    ['{"version" 1}', '1:12: not JSON: a colon is missing before this'],
    ['{version: 1}', '1:2: not JSON: expected the name of a member in double quotes'],
    ["{'version': 1}", '1:2: not JSON: JSON needs double quotes'],
    ['{"version": NaN}', '1:13: not JSON: JSON has no NaN'],
    ['{"version": -Infinity}', '1:13: not JSON: JSON has no -Infinity'],
    [
      '{"version": yes}',
      '1:13: not JSON: expected a value: text needs double quotes, a number begins with a digit or a minus',
    ],
    ['{"version": 012}', '1:14: not JSON: a comma or a closing bracket is missing before this'],
    ['{"version": "1', '1:13: not JSON: the closing quote of this text is missing'],
    ['{"version": "1\n"}', '1:15: not JSON: text cannot contain a line break or control character: write \\n or \\u'],
    ['{"version": "\\x"}', '1:14: not JSON: unknown escape: write \\\\ for a backslash'],
    ['{"version": "\\u12"}', '1:15: not JSON: \\u needs four hex digits'],
    ['{"version": 1} {}', '1:16: not JSON: the JSON ends before this'],
    ['{"version": 1, "version": 2}', '1:16: version appears twice'],
    ['{"version": 1, "\\u0076ersion": 2}', '1:16: version appears twice'],
    [withMetadata('{"a": {"b": 1, "b": 2}}'), '1:90: b appears twice'],
    [withMetadata('{"a": [{"b": 1,\n "\\u0062": 2}]}'), '2:2: b appears twice'],
    [withMetadata('{"a": NaN}'), '1:81: not JSON: JSON has no NaN'],
    [withMetadata('[1]'), '1:63: organizations[0].metadata: expected an object; {} for an empty one'],
    [
      '{"version": 1, "organizations": [{"organization_id": "org_a"}, {"organization_id": "org_b", "organisation_name": 1, "api_keys": [{"key": "sk_test_a"}, {"key": 1}]}]}',
      '1:153: organizations[1].api_keys[1].key: expected text: put quotes around a number',
      '1:93: organizations[1].organisation_name: unknown member: did you mean organization_name?',
    ],
    [
      '{"version": 1, "organizations": [{"organization_id": "org_a", "credit_count": 9007199254740993}]}',
      '1:63: organizations[0].credit_count: expected a whole number from 0 to 9007199254740991',
    ],
    [
      '{"version": 1, "organizations": [{"organization_id": "org_a", "__proto__": {}}]}',
      expect.stringContaining('1:63: organizations[0].__proto__: unknown member'),
    ],
    [
      '{"version": 1, "tiers": {"pro": {"search": 61}}, "organizations": [{"organization_id": "org_a"}]}',
      '1:34: tiers.pro.search: 61 is more than data (60): metadata >= data >= search >= upload >= compute',
    ],
  ])('%j is an error', async (text, ...expected) => {
    const lines = expected.map((line) => (typeof line === 'string' ? `seed.json:${line}` : line));
    expect(await problems(text, 'seed.json')).toEqual(lines);
  });

  it('locates a problem of a member that it leaves out at the member around it', async () => {
    const text = '{"version": 1, "tiers": {"free": {"metadata": 1}}, "organizations": [{"organization_id": "org_a"}]}';
    expect(await problems(text, 'seed.json')).toEqual([
      'seed.json:1:26: tiers.free.data: 10 is more than metadata (1): metadata >= data >= search >= upload >= compute',
    ]);
  });

  it('nested a million levels deep ends neither the process nor the patience', async () => {
    expect(await problems(`{"version": ${'['.repeat(1_000_000)}`, 'seed.json')).toEqual([
      'seed.json:1:121: is nested deeper than the API accepts: 100 levels, the body being the first',
    ]);
  });

  it('may nest metadata as deep as the API accepts', async () => {
    const nested = (levels: number) => withMetadata(`{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`);
    expect(await problems(nested(99), 'seed.json')).toEqual([]);
    expect(await problems(nested(100), 'seed.json')).toEqual([
      expect.stringMatching(/is nested deeper than the API accepts/),
    ]);
  });

  it('may hold 1 MiB of metadata', async () => {
    const long = (length: number) => withMetadata(`{"a": "${'x'.repeat(length - 8)}"}`);
    expect(await problems(long(1024 * 1024), 'seed.json')).toEqual([]);
    expect(await problems(long(1024 * 1024 + 1), 'seed.json')).toEqual([
      'seed.json:1:75: is larger than 1 MiB, the most that the API accepts',
    ]);
  });

  it('has a key that it uses as a name masked in messages', async () => {
    const text = '{"version": 1, "organizations": [{"organization_id": "org_a", "sk_live_0123456789abcdef": 1}]}';
    const [problem] = await problems(text, 'seed.json');
    expect(problem).toMatch(/^seed\.json:1:63: organizations\[0\]\.sk_live_01…: unknown member/);
  });

  it('counts as JSON whatever its name, if it begins with a brace and a quote', async () => {
    expect(await problems('\ufeff \n{ "version": 1 "organizations": [] }')).toEqual([
      'seed.yaml:2:16: not JSON: a comma or a closing bracket is missing before this',
    ]);
  });
});

describe('what is not a readable file', () => {
  it.each([
    ['a folder', (path: string) => mkdirSync(path), 'is not a file but a folder'],
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), 'is not a file but a pipe or device'],
    ['a file over 64 MiB', (path: string) => makeLong(path, 64 * 1024 * 1024 + 1), 'is larger than 64 MiB'],
  ])('%s is refused at once', (_name, make, message) => {
    const path = join(makeFolder(), 'seed.json');
    make(path);
    expect(() => openSeed(path)).toThrow(`${path}: ${message}`);
  });

  it('a device is refused at once', () => {
    expect(() => openSeed('/dev/zero')).toThrow('/dev/zero: is not a file but a pipe or device');
  });

  it('YAML over 32 MiB is refused: it would take a minute and gigabytes', async () => {
    const path = join(makeFolder(), 'seed.yaml');
    writeFileSync(path, `#${' '.repeat(32 * 1024 * 1024)}`);
    await expect(openSeed(path).read()).rejects.toThrow(`${path}:1:1: is larger than 32 MiB: write it in JSON`);
  });
});

function makeLong(path: string, length: number): void {
  writeFileSync(path, '');
  truncateSync(path, length);
}
