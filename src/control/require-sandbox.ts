import type { FastifyRequest } from 'fastify';
import { notFound } from '../domain/errors.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import type { LiveSandbox, Sandboxes } from '../sandbox/sandboxes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    sandboxes: Sandboxes | null;
  }
}

/** The sandbox that the path names. */
export async function requireSandbox(request: FastifyRequest<{ Params: unknown }>): Promise<LiveSandbox> {
  const { sandbox_id } = request.params as { sandbox_id: string };
  const found = await request.sandboxes?.find(sandbox_id);
  if (found === undefined) throw notFound(`the only sandbox is ${DEFAULT_SANDBOX}`);
  return found;
}
