import type { FastifyRequest } from 'fastify';

/** Whether a browser asks for something to show to a person. */
export const wantsPage = ({ headers }: FastifyRequest): boolean => /\btext\/html\b/i.test(headers.accept ?? '');
