/** Starts a server before and one after timers are faked, and changes each twice: a change that hangs stops later ones. */
module.exports = async function patchTwice(createMockServer, fakeTimers) {
  const servers = [await createMockServer()];
  fakeTimers();
  servers.push(await createMockServer());
  const names = [];
  for (const { url, apiKeys } of servers) {
    for (const organization_name of ['One', 'Two']) {
      const answer = await fetch(`${url}/v1/organizations`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${apiKeys.admin}`, 'content-type': 'application/json' },
        body: JSON.stringify({ organization_name }),
      });
      names.push((await answer.json()).organization_name);
    }
  }
  for (const { close } of servers) await close();
  return names.join();
};
