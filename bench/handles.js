// Prints how long createMockServer() takes where the process has made some before, in milliseconds.
import { createMockServer } from '../dist/index.js';

const WARM_UPS = 5;
const COUNT = 20;

const milliseconds = [];
for (let time = 0; time < WARM_UPS + COUNT; time++) {
  const started = performance.now();
  const server = await createMockServer();
  if (time >= WARM_UPS) milliseconds.push(performance.now() - started);
  await server.close();
}
console.log(JSON.stringify(milliseconds));
