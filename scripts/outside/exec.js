// `mixpeek-mock exec` in a terminal, and with pytest. Needs python3 and `pip install pytest`.
import { fileURLToPath } from 'node:url';
import { readCode } from '../documents.js';
import { attempt, check, makeProject, node, program } from './support.js';

/** Counts what it hears, and ends when nothing came for a while. */
const LISTENER = `
let heard = 0;
let timer = setTimeout(() => {}, 60000);
process.on('SIGINT', () => {
  heard++;
  clearTimeout(timer);
  timer = setTimeout(() => console.log('heard ' + heard) || process.exit(9), 500);
});
console.log('listening');`;

export default function testExec() {
  const script = fileURLToPath(new URL('press-ctrl-c.py', import.meta.url));
  const { status, stdout, stderr } = attempt(
    'python3',
    [script, node, program, 'exec', '--', node, '-e', LISTENER],
    '.',
  );
  const isRight = status === 9 && /heard 1\b/.test(stdout);
  check('in a terminal one Ctrl-C is one SIGINT for the command', isRight, { status, stdout, stderr });

  const path = makeProject('exec-pytest', { files: { 'test_readme.py': readCode('### Anything else', 'python')[0] } });
  const tested = attempt(node, [program, 'exec', '--strict', '--', 'python3', '-m', 'pytest', '-q'], path);
  check('exec -- python3 -m pytest passes', tested.status === 0 && tested.stdout.includes('1 passed'), tested);
}
