import type { FastifyRequest } from 'fastify';
import { notFound } from '../domain/errors.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    sandboxes: Sandboxes | null;
  }
}

/** The sandbox that the path names. */
export function sandboxOf(request: FastifyRequest<{ Params: unknown }>): Sandbox {
  const { sandbox_id } = request.params as { sandbox_id: string };
  const sandbox = request.sandboxes?.find(sandbox_id);
  if (sandbox === undefined) throw notFound(`the only sandbox is ${DEFAULT_SANDBOX}`);
  return sandbox;
}
