const { createMockServer } = require('mixpeek-mock');

async function use() {
  const { url, apiKeys, close } = await createMockServer();
  const headers = { authorization: `Bearer ${apiKeys.read}` };
  const answer = await fetch(`${url}/v1/organizations`, { headers });
  console.log((await answer.json()).organization_id);
  await close();
}

use().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
