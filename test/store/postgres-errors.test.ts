import { describe, expect, it } from 'vitest';
import { notFound } from '../../src/domain/errors.ts';
import { StorageError } from '../../src/store/errors.ts';
import { BusyError, ConnectError, DeadlineError, explain } from '../../src/store/postgres/errors.ts';

const coded = (code: string) => Object.assign(new Error('of the engine'), { code });

describe('an error of the engine', () => {
  it.each<[string, unknown]>([
    ['that a connection cannot be had', new ConnectError(coded('CERT_HAS_EXPIRED'))],
    ['that work takes too long', new DeadlineError('no answer')],
    ['that others are at work', new BusyError(10.5)],
    ['of the network', coded('ECONNRESET')],
    ['that it stops', coded('57P01')],
    ['that a lock was waited for', coded('55P03')],
    ['that two collide', coded('40P01')],
    ['that it takes no changes', coded('25006')],
    ['that a table is not there', coded('42P01')],
    ['that a plan has changed', coded('0A000')],
    ['that it has no TLS', new Error('The server does not support SSL connections')],
    ['that a connection was closed', new Error('Client was closed and is not queryable')],
    ['that a connection is confused', new Error('Received unexpected commandComplete message from backend.')],
  ])('%s is a 503', (_name, error) => {
    expect(explain('postgres://h/d', error)).toBeInstanceOf(StorageError);
  });

  it.each<[string, unknown]>([
    ['what a table refuses', coded('23505')],
    ['data that is no such data', coded('22021')],
    ['a refusal', notFound('nothing is there')],
    ['a mistake of this program', new TypeError('undefined is no function')],
  ])('%s is as it was', (_name, error) => {
    expect(explain('postgres://h/d', error)).toBe(error);
  });

  it('names what to do about a pooler that gives connections away', () => {
    for (const code of ['26000', '42P05']) {
      expect((explain('postgres://h/d', coded(code)) as Error).message).toBe(
        'postgres://h/d: of the engine: a pooler in front of it has to be in session mode',
      );
    }
  });
});
