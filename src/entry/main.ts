/** Everything of the server that is bundled: what `src/entry/` asks for once it knows that this Node can read it. */
export { runCli } from '../cli/main.ts';

type CreateMockServer = typeof import('../index.ts')['createMockServer'];

/** A program that is started needs no kit. */
export const createMockServer = (async (...args: Parameters<CreateMockServer>) =>
  (await import('../index.ts')).createMockServer(...args)) as CreateMockServer;
