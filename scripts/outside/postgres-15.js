// The tests of the engine once more, on the oldest PostgreSQL that the store works with; `npm test` uses the newest one.
import { spawnSync } from 'node:child_process';
import { check, project } from './support.js';

export default function testPostgres15() {
  const args = ['--no-install', 'vitest', 'run', 'test/store/postgres', 'test/shared/'];
  const { status } = spawnSync('npx', args, { cwd: project, env: { ...process.env, PG: '15' }, stdio: 'inherit' });
  check('PG=15: the tests of store and servers', status === 0);
}
