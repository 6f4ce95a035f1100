// `npm start`: installs what is missing, builds what is stale, starts the server with the arguments that were given.
import { buildIfNeeded, installIfNeeded } from './prepare.js';

await installIfNeeded();
await buildIfNeeded();
await import('../dist/cli.js');
