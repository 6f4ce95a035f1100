// A server on PostgreSQL as one writes it first: a pool, a query each, a transaction for each change. What grouping gains is held
// against it. Usage: node bench/naive-postgres.js <URL of the database>. It makes its table when that is missing.
import Fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 8, idleTimeoutMillis: 0 });
pool.on('error', () => {});
await pool.query('CREATE TABLE IF NOT EXISTS naive (key text PRIMARY KEY, organization text NOT NULL)').catch(() => {});
const keyOf = ({ headers }) => headers.authorization.slice('Bearer '.length);
const app = Fastify();

app.get('/v1/organizations', async (request) => {
  const { rows } = await pool.query('SELECT organization FROM naive WHERE key = $1', [keyOf(request)]);
  return JSON.parse(rows[0].organization);
});

app.patch('/v1/organizations', async (request) => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const found = await client.query('SELECT organization FROM naive WHERE key = $1 FOR UPDATE', [keyOf(request)]);
    const organization = { ...JSON.parse(found.rows[0].organization), ...request.body };
    await client.query('UPDATE naive SET organization = $2 WHERE key = $1', [
      keyOf(request),
      JSON.stringify(organization),
    ]);
    await client.query('COMMIT');
    return organization;
  } finally {
    client.release();
  }
});

console.log(JSON.stringify({ url: await app.listen({ host: '127.0.0.1', port: 0 }) }));
