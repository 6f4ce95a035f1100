import type { Parsed } from './conformance.ts';

export async function patch(url: string, body: unknown, key = 'sk_test_xyz789'): Promise<Response> {
  return fetch(`${url}/v1/organizations`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

export async function get(url: string, key = 'sk_test_xyz789'): Promise<Parsed> {
  const response = await fetch(`${url}/v1/organizations`, { headers: { authorization: `Bearer ${key}` } });
  return response.json();
}
