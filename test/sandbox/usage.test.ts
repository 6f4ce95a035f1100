import { describe, expect, it } from 'vitest';
import { Usage } from '../../src/sandbox/usage.ts';
import type { FoundSandbox } from '../../src/store/store.ts';

const TTL_MS = 1000;
const MADE = 10_000;
const found = { sandbox_id: 'a', created_at: MADE, ttl_ms: TTL_MS, expires_at: MADE + TTL_MS, last_seq: 0 };
const build = (isShared: boolean) => new Usage(found as FoundSandbox, isShared);

describe('a sandbox that several servers use', () => {
  it('stays as long as any of them says, whatever this one remembers', () => {
    const usage = build(true);
    expect(usage.touch(MADE, found.expires_at)).toBe(true);
    // Somebody else has used it all the time.
    expect(usage.touch(MADE + 10_000, MADE + 10_500)).toBe(true);
    expect(usage.expires_at).toBe(MADE + 11_000);
    expect(usage.touch(MADE + 20_000, MADE + 11_000)).toBe(false);
  });

  it('may have been used by a tenth of its time longer than is recorded', () => {
    expect(build(true).touch(found.expires_at + 99, found.expires_at)).toBe(true);
    expect(build(true).touch(found.expires_at + 100, found.expires_at)).toBe(false);
    expect(build(false).touch(found.expires_at, found.expires_at)).toBe(false);
  });

  it('goes by the clock of their engine, not by that of this machine', () => {
    expect(build(true).touch(MADE + 3_600_000, found.expires_at, MADE + 1)).toBe(true);
    expect(build(true).touch(MADE, found.expires_at, MADE + 3_600_000)).toBe(false);
  });

  it('has a later end recorded before the others could think that it is over', () => {
    const usage = build(true);
    usage.touch(MADE + 40, found.expires_at);
    expect(usage.isDue).toBe(false);
    usage.touch(MADE + 51, found.expires_at);
    expect(usage.isDue).toBe(true);
    expect(usage.toRecord().expires_at).toBe(MADE + 1051);
    expect(usage.isDue).toBe(false);
    // What another one has recorded need not be recorded again.
    usage.touch(MADE + 500, MADE + 1500);
    expect(usage.isDue).toBe(false);
  });

  it('is not kept in memory by requests that come too late', () => {
    const usage = build(true);
    usage.touch(MADE, found.expires_at);
    usage.touch(MADE + 60_000, found.expires_at);
    expect(usage.idleFor(MADE + 60_000)).toBe(60_000);
  });
});

it('a sandbox that one server uses is recorded now and then only', () => {
  const usage = build(false);
  usage.touch(MADE + 900, found.expires_at);
  expect(usage.isDue).toBe(false);
});
