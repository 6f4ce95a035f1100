// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is found and put is source text
/** Faults in what test suites use. @type {{ name: string, file: string, find: string, put: string }[]} */
export const SUITES = [
  {
    name: 'kit: a sandbox of the pool is given to two tests',
    file: 'src/kit/sandbox-pool.ts',
    find: 'const made = stock.sandboxes.shift();',
    put: 'const made = stock.sandboxes[0];',
  },
  {
    name: 'kit: a pool that is closed leaves what nobody used',
    file: 'src/kit/sandbox-pool.ts',
    find: 'for (const { sandbox } of sandboxes.splice(0)) this.removeLater(sandbox.sandboxId);',
    put: 'sandboxes.splice(0);',
  },
  {
    name: 'kit: a pool gives the wrong kind of sandbox',
    file: 'src/kit/sandbox-pool.ts',
    find: 'return JSON.stringify(wanted);',
    put: "return '';",
  },
  {
    name: 'kit: sandboxes of tests have no TTL',
    file: 'src/kit/test-sandbox.ts',
    find: '{ ttlSeconds: TTL_SECONDS, ...options }',
    put: '{ ...options }',
  },
  {
    name: 'kit: a 501 of a fault rule fails a test',
    file: 'src/kit/test-sandbox.ts',
    find: 'requests.filter(({ fault }) => fault === null);',
    put: 'requests;',
  },
  {
    name: 'kit: lists with asymmetric matchers are subsets',
    file: 'src/kit/asymmetric.ts',
    find: 'found.length === wanted.length;',
    put: 'found.length >= wanted.length;',
  },
  {
    name: 'kit: an exact number with asymmetric matchers is a minimum',
    file: 'src/kit/received.ts',
    find: 'found.length >= min && found.length <= max;',
    put: 'found.length >= min;',
  },
  {
    name: 'kit: .not waits for what is not to come',
    file: 'src/kit/matchers.ts',
    find: 'within ?? (isNot || max === 0 ? 0 : DEFAULT_TIMEOUT_MS);',
    put: 'within ?? DEFAULT_TIMEOUT_MS * 60;',
  },
  {
    name: 'kit: .not takes a mistake in the match for a pass',
    file: 'src/kit/matchers.ts',
    find: 'if (!isMiss(error)) throw error;\n      return { pass: false',
    put: 'if (!(error instanceof ControlError)) throw error;\n      return { pass: false',
  },
  {
    name: 'kit: a token of a variable is not sent',
    file: 'src/kit/client.ts',
    find: 'controlToken || undefined',
    put: 'undefined',
  },
  {
    name: 'kit: withSandbox leaves the sandbox of what throws',
    file: 'src/kit/with-sandbox.ts',
    find: 'await sandbox.close().catch(() => {});',
    put: '',
  },
  {
    name: 'suites: variables stay behind a test',
    file: 'src/suites/vitest.ts',
    find: 'else process.env[name] = value;',
    put: '',
  },
  {
    name: 'suites: a concurrent test gets variables',
    file: 'src/suites/vitest.ts',
    find: 'task.concurrent === true',
    put: 'task.concurrent === undefined',
  },
  {
    name: 'exec: a signal is not passed on',
    file: 'src/cli/exec.ts',
    find: 'child?.kill(signal);',
    put: 'child;',
  },
  {
    name: 'exec: a strict run forgives',
    file: 'src/cli/exec.ts',
    find: 'code === 0 && findings.length > 0',
    put: 'code === 0 && findings.length > 99',
  },
  {
    name: 'exec: a strict run hides the exit code',
    file: 'src/cli/exec.ts',
    find: 'code === 0 && findings.length > 0',
    put: 'findings.length > 0',
  },
  {
    name: 'strict: a rule that fired elsewhere is reported',
    file: 'src/sandbox/tally.ts',
    find: 'for (const key of [toKey(rule), keyOf(rule)])',
    put: 'for (const key of [keyOf(rule)])',
  },
  {
    name: 'strict: a sandbox that was made ahead is reported',
    file: 'src/sandbox/tally.ts',
    find: 'sandboxId === DEFAULT_SANDBOX)',
    put: 'true)',
  },
  {
    name: 'strict: an unknown Pact state is forgiven',
    file: 'src/control/pact.ts',
    find: '  sandboxes.tally?.addUnknownState(shown);\n',
    put: '',
  },
  {
    name: 'journal: an entry has no hint',
    file: 'src/http/exchange.ts',
    find: "String(reply.getHeader(HINT) ?? '') || undefined",
    put: 'undefined',
  },
];
