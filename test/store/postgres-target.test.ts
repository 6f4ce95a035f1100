import { describe, expect, it } from 'vitest';
import { readTarget, type Target } from '../../src/store/postgres/target.ts';

describe('the URL of an engine', () => {
  it.each<[string, string, Partial<Target>]>([
    [
      'with all of it',
      'postgres://me:of%2Fme%3F@db.example.com:6432/my%20data?sslmode=verify-full',
      {
        host: 'db.example.com',
        port: 6432,
        user: 'me',
        password: 'of/me?',
        database: 'my data',
        ssl: { rejectUnauthorized: true },
        shown: 'postgres://me:…@db.example.com:6432/my%20data?sslmode=verify-full',
      },
    ],
    [
      'with a host only',
      'postgresql://[::1]',
      {
        host: '::1',
        port: 5432,
        user: 'postgres',
        password: '',
        database: 'postgres',
        ssl: false,
        shown: 'postgresql://[::1]',
      },
    ],
    ['without a database, which is that of the user', 'postgres://m%40e@h', { user: 'm@e', database: 'm@e' }],
    ['that wants encryption only', 'postgres://h/d?sslmode=require', { ssl: { rejectUnauthorized: false } }],
    ['that wants none', 'postgres://h/d?sslmode=disable', { ssl: false }],
  ])('%s is read', (_name, url, target) => {
    expect(readTarget(url)).toMatchObject(target);
  });

  it.each([
    ['postgres://u:p@h:port/x', 'is no URL'],
    ['postgres://u:p@h/x?sslmode=prefer', 'has sslmode=prefer: expected disable, require, verify-full'],
    ['postgres://u:p@h/x?connect_timeout=1', 'has the parameter connect_timeout: expected sslmode only'],
  ])('%s is refused', (url, reason) => {
    expect(() => readTarget(url)).toThrow(reason);
  });
});
