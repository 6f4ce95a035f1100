// A copy of the project in which files may be spoiled, and what becomes of a fault in it.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildFindTests, project } from './reach.js';

/** More than all tests take on a busy machine: what takes longer has no end. */
const TIME_LIMIT_MS = 400_000;

const TSC = ['node_modules/typescript/bin/tsc', '--noEmit'];
const BUILD = ['scripts/build.js'];
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1'];

const running = new Set();

/** A command has a process group of its own, so that nothing of it stays behind. */
function killGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {}
}

export function killAll() {
  for (const child of running) killGroup(child);
}

export class Workshop {
  constructor() {
    this.findTests = buildFindTests();
    this.folder = mkdtempSync(join(tmpdir(), 'mixpeek-mock-mutants-'));
    const skipped = /^(?:node_modules|\.git|\.mixpeek-mock)(?:\/|$)/;
    // With its times: were the lockfile newer than what is installed, `npm start` would install anew, in our own node_modules.
    const filter = (source) => !skipped.test(relative(project, source));
    cpSync(project, this.folder, { recursive: true, preserveTimestamps: true, filter });
    symlinkSync(join(project, 'node_modules'), join(this.folder, 'node_modules'), 'junction');
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** @throws {Error} when the project itself fails: that would be taken for a test that has noticed a fault */
  async check() {
    const problem = (await this.findProblem(TSC)) ?? (await this.findProblem(VITEST));
    if (problem === undefined) return;
    throw new Error(`the project itself does not pass its tests in a copy: ${problem.summary}\n${problem.output}`);
  }

  /** `caught`, by which test; `missed`; or `invalid` for what the compiler refuses. */
  async tryFault({ file, text: spoiled }) {
    const path = join(this.folder, file);
    const unspoiled = readFileSync(path);
    writeFileSync(path, spoiled);
    try {
      if (await this.findProblem(TSC)) return { outcome: 'invalid' };
      const { near, ofBundle } = this.findTests(file);
      const problem =
        (await this.findTestProblem(near)) ?? (await this.findProblem(BUILD)) ?? (await this.findTestProblem(ofBundle));
      return problem ? { outcome: 'caught', by: problem.summary } : { outcome: 'missed' };
    } finally {
      writeFileSync(path, unspoiled);
    }
  }

  async findTestProblem(tests) {
    if (tests.length === 0) return undefined;
    const config = ['--config', 'scripts/mutants/vitest.config.js'];
    return this.findProblem([...VITEST, ...config], { TESTS: tests.join() });
  }

  /** Why a command failed, if it did. */
  async findProblem([script, ...args], variables = {}) {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: '1', ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(child);
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      killGroup(child);
    }, TIME_LIMIT_MS);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const [status, ...outputs] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    clearTimeout(timer);
    killGroup(child);
    running.delete(child);
    if (status === 0) return undefined;
    const output = outputs.join('');
    const summary = isOver ? 'a test that does not end' : (/^ *FAIL +(.*)$/m.exec(output)?.[1] ?? 'an error');
    return { summary, output };
  }
}
