import { expect, it } from 'vitest';
import { StorageError } from '../../src/store/errors.ts';
import { toStorageError } from '../../src/store/storage-error.ts';

const fail = (code: string) => Object.assign(new Error(code), { code });

it.each([
  ['SQLITE_BUSY', 'the database is in use by another process', /is in use by another process: stop it/],
  ['SQLITE_CORRUPT_INDEX', 'the database is damaged', /is damaged: put a copy/],
  ['SQLITE_NOTADB', 'the database is damaged', /is damaged: put a copy/],
  ['SQLITE_FULL', 'the disk is full', /\(SQLITE_FULL\): the disk is full: make room/],
  ['SQLITE_READONLY_DBMOVED', 'the database cannot be written', /\(SQLITE_READONLY_DBMOVED\): make it writable/],
  ['SQLITE_CANTOPEN', 'the database cannot be written', /make it writable/],
  ['SQLITE_PERM', 'the database cannot be written', /make it writable/],
  ['SQLITE_IOERR_LOCK', 'the database cannot be written', /make it writable/],
  [
    'SQLITE_IOERR_WRITE',
    'the disk reports an error',
    /cannot be read or written \(SQLITE_IOERR_WRITE\): look after the disk/,
  ],
])('%s is a refusal that says: %s', (code, reason, message) => {
  const error = toStorageError('/none/mock.db', fail(code));
  expect(error).toBeInstanceOf(StorageError);
  expect(error).toMatchObject({
    message: expect.stringMatching(message),
    refusal: {
      code: 'unavailable',
      hint: `${reason}: nothing of this request was kept; the log of the server says more`,
    },
  });
  expect(toStorageError('/none/mock.db', error)).toBe(error);
});

it.each(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_ERROR', 'ENOENT'])(
  '%s is a fault of ours, and comes back as it is',
  (code) => {
    const error = fail(code);
    expect(toStorageError('/none/mock.db', error)).toBe(error);
  },
);
