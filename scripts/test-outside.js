// `npm run test:outside [-- PART…]`: checks that need more than Node, npm and a compiler. A part is a file in scripts/outside/, most of
// them install the packed package in empty projects and use it there as a stranger would. Needs npm's registry; WITH_NODE
// names another node to run it with (npm itself sets NODE).
import { readdirSync } from 'node:fs';
import { buildIfNeeded } from './prepare.js';

const folder = new URL('outside/', import.meta.url);
const parts = readdirSync(folder)
  .filter((name) => name.endsWith('.js') && name !== 'support.js')
  .map((name) => name.replace('.js', ''));
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !parts.includes(name));
if (unknown.length > 0) {
  console.error(`test:outside: there is no part ${unknown.join(', ')}; there are ${parts.join(', ')}`);
  process.exit(2);
}

await buildIfNeeded();
let failed = 0;
for (const name of chosen.length > 0 ? chosen : parts) {
  console.log(`\n${name}`);
  try {
    const part = await import(new URL(`${name}.js`, folder));
    await part.default();
  } catch (error) {
    failed++;
    console.log(`NOT OK  ${name}: ${error.message}`);
  }
}
process.exit(failed > 0 ? 1 : 0);
