import { describe, expect, it } from 'vitest';
import { readServeConfig } from '../../src/cli/config.ts';
import { checkShared } from '../../src/start/open-store.ts';
import { makeFolder } from '../support/folder.ts';

const DB = 'postgres://u:secret@127.0.0.1:1/x';

describe('the settings of a server that shares its database', () => {
  const check = (variables: Record<string, string>) =>
    checkShared(readServeConfig({}, { MIXPEEK_MOCK_DB: DB, ...variables }, makeFolder()));

  it.each<[string, Record<string, string>]>([
    ['loopback, without a token', {}],
    ['a wait for the database', { MIXPEEK_MOCK_WAIT_FOR_DB: '1s' }],
    ['any address with a token', { MIXPEEK_MOCK_HOST: '0.0.0.0', MIXPEEK_MOCK_CONTROL_TOKEN: 'of-the-control-plane' }],
    ['any address without a control plane', { MIXPEEK_MOCK_HOST: '0.0.0.0', MIXPEEK_MOCK_CONTROL: 'off' }],
    [
      'a file, any address and a number',
      { MIXPEEK_MOCK_DB: ':memory:', MIXPEEK_MOCK_HOST: '0.0.0.0', MIXPEEK_MOCK_RANDOM_SEED: '1' },
    ],
  ])('may be %s', (_name, variables) => {
    expect(() => check(variables)).not.toThrow();
  });

  it.each<[string, Record<string, string>, string]>([
    ['any address without a token', { MIXPEEK_MOCK_HOST: '0.0.0.0' }, '--control-token: --host 0.0.0.0 can be reached'],
    ['a number', { MIXPEEK_MOCK_RANDOM_SEED: '0' }, '--random-seed: '],
    ['a reset', { MIXPEEK_MOCK_RESET: '1' }, '--reset: '],
    ['a wait for a file', { MIXPEEK_MOCK_DB: ':memory:', MIXPEEK_MOCK_WAIT_FOR_DB: '1s' }, '--wait-for-db: '],
  ])('may not be %s', (_name, variables, words) => {
    expect(() => check(variables)).toThrow(words);
  });
});
