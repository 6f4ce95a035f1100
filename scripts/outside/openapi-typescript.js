// Types that openapi-typescript makes of our document compile against a client of API 0.82; its PATCH works there, and meets
// a hint in 0.81.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, install, makeProject, run, startPackage } from './support.js';

export default async function testOpenApiTypescript() {
  const path = makeProject('openapi-typescript', { type: 'module', from: ['openapi-client.ts'] });
  install(path, ['openapi-typescript@7', 'openapi-fetch@0.14', 'typescript@5', '@types/node@20']);
  for (const [version, expected] of [
    ['0.82', { search: 500, hint: null }],
    [
      '0.81',
      { search: 60, hint: 'rate_limit_overrides belongs to API 0.82; this server speaks 0.81: --api-version 0.82' },
    ],
  ]) {
    const server = await startPackage(['--api-version', version]);
    try {
      const document = await (await fetch(new URL('/openapi.json?api_version=0.82', server.url))).text();
      writeFileSync(join(path, 'openapi.json'), document);
      run('npx', ['--no-install', 'openapi-typescript', 'openapi.json', '-o', 'schema.d.ts'], path);
      const options = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--skipLibCheck', '--outDir', 'out'];
      run('npx', ['--no-install', 'tsc', ...options, 'openapi-client.ts'], path);
      const answer = JSON.parse(run('node', ['out/openapi-client.js', String(server.url)], path));
      check(`a client that is typed by the document of 0.82, against ${version}`, same(answer, expected), answer);
    } finally {
      await server.stop();
    }
  }
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
