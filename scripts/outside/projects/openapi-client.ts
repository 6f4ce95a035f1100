import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

const client = createClient<paths>({
  baseUrl: process.argv[2] ?? '',
  headers: { authorization: 'Bearer sk_live_abc123def456' },
});
const { data, response } = await client.PATCH('/v1/organizations', {
  body: { rate_limit_overrides: { search: 500 } },
});
const search: number | undefined = data?.rate_limits.search;
console.log(JSON.stringify({ search, hint: response.headers.get('x-mixpeek-mock-hint') }));
