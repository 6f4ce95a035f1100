// jest-openapi, which reads OpenAPI 3.0 only, holds real answers against the document.
import { check, install, makeProject, run, startPackage } from './support.js';

export default async function testJestOpenApi() {
  const path = makeProject('jest-openapi', { from: ['jest-openapi.test.js'] });
  install(path, ['jest@30', 'jest-openapi@0.14']);
  const server = await startPackage(['--limits', 'enforce']);
  try {
    run('npx', ['--no-install', 'jest', 'jest-openapi.test.js'], path, { env: { MOCK_URL: server.url } });
    check('jest-openapi accepts the answers of GET and PATCH, and refuses another', true);
  } finally {
    await server.stop();
  }
}
