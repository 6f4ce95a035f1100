import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSeed } from '../../src/seed/unread.ts';
import { makeFolder } from '../support/folder.ts';
import { REFUSED_JSON, withMetadata } from '../support/refused-json.ts';
import { problems, read } from '../support/seed.ts';

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

  it.each(REFUSED_JSON)('%j is an error', async (text, ...expected) => {
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
