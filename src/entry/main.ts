/** Everything that is bundled: what `src/entry/` asks for once it knows that this Node can read it. */
export { runCli } from '../cli/main.ts';
export { ControlError, createMockServer } from '../index.ts';
