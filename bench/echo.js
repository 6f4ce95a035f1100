// Fastify that does nothing but read and write JSON: what the throughput of the server is held against.
// Usage: node bench/echo.js <organization as JSON>, which makes its answers as long as the server's.
import Fastify from 'fastify';

const organization = JSON.parse(process.argv[2]);
const app = Fastify();
app.get('/v1/organizations', async () => organization);
app.patch('/v1/organizations', async (request) => ({ ...organization, metadata: request.body.metadata }));
console.log(JSON.stringify({ url: await app.listen({ host: '127.0.0.1', port: 0 }) }));
