// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is found and put is source text
// Faults that once went unseen, or whose like did: each must be caught by a test.
// `find` stands in `file` exactly once; `put` takes its place.
import { FAULT_RULES } from './fault-rules.js';
import { read } from './reach.js';
import { SUITES } from './suites.js';

/** A fault of the table as it is made. */
export function toFault({ name, file, find, put }) {
  const source = read(file);
  if (source.split(find).length !== 2) throw new Error(`faults.js: ${name}: ${file} does not have its text just once`);
  const line = source.slice(0, source.indexOf(find)).split('\n').length;
  return { name, file, line, was: find, is: put, text: source.replace(find, () => put) };
}

/** @type {{ name: string, file: string, find: string, put: string }[]} */
export const FAULTS = [
  ...FAULT_RULES,
  ...SUITES,
  {
    name: 'a change that was rolled back stays in the cache',
    file: 'src/store/sqlite.ts',
    find: 'states.forget();\n      lookForFiles();',
    put: 'lookForFiles();',
  },
  {
    name: 'an update that its table refuses stays in the cache',
    file: 'src/store/states.ts',
    find: '    if (before === undefined) organizations.insert',
    put: '    this.knownOrganizations.set(toCacheKey(sandbox, after.organization_id), after);\n    if (before === undefined) organizations.insert',
  },
  {
    name: 'an organization that was replaced stays in the cache, or comes back with an update of the same turn',
    file: 'src/store/states.ts',
    find: 'const toCacheKey = ({ sandbox_id, generation }',
    put: 'const generation = 1;\nconst toCacheKey = ({ sandbox_id }',
  },
  {
    name: 'settings that were replaced stay in the cache',
    file: 'src/store/states.ts',
    find: '    this.knownSandboxes.delete(sandboxId);',
    put: '',
  },
  {
    name: 'a key that was replaced stays in the cache',
    file: 'src/store/states.ts',
    find: 'key.generation !== sandbox.generation &&',
    put: 'key.generation < 0 &&',
  },
  {
    name: 'the key of an organization that was removed goes on',
    file: 'src/store/states.ts',
    find: '      // Its keys went with it.\n      this.forget();',
    put: '      this.knownOrganizations.clear();',
  },
  {
    name: 'a put without a snapshot overwrites the one that a reset goes back to',
    file: 'src/store/whole-states.ts',
    find: '      this.replace(next, granted, seed);\n      return true;',
    put: "      this.replace(next, granted, seed);\n      rows.keepAs(yield* rows.fork(next, state.settings), 'initial');\n      return true;",
  },
  {
    name: 'granted keys are lost with the state that they were granted in',
    file: 'src/store/whole-states.ts',
    find: '[...moved.filter(isThere), ...granted]',
    put: 'granted',
  },
  {
    name: 'a state that a reset shall go back to inherits granted keys',
    file: 'src/store/whole-states.ts',
    find: '    rows.replaceAll(next, first, seed);\n    this.states.forget();',
    put: `    const former = this.states.findKeptSandbox(sandboxId);
    const inherited = former === undefined ? [] : rows.listGranted(former);
    rows.replaceAll(next, first, seed);
    this.states.forget();
    this.states.grant(sandboxId, inherited);`,
  },
  {
    name: 'a granted key that the state has too is not granted for long',
    file: 'src/store/api-key-rows.ts',
    find: '    mark.run(state.state_id, apiKey.api_key_id);',
    put: '    if (before === undefined) mark.run(state.state_id, apiKey.api_key_id);',
  },
  {
    name: 'a key that a snapshot of another sandbox has can be given away',
    file: 'src/store/api-key-rows.ts',
    find: 'AND snapshot IS NOT NULL AND sandbox_id <> ? LIMIT 1',
    put: "AND snapshot = '' AND sandbox_id <> ? LIMIT 1",
  },
  {
    name: 'a large sandbox is removed in one piece',
    file: 'src/store/sandbox-rows.ts',
    find: "this.prepare('UPDATE states SET snapshot = NULL WHERE sandbox_id = ?').run(sandboxId);",
    put: "this.prepare('DELETE FROM states WHERE sandbox_id = ?').run(sandboxId);",
  },
  {
    name: 'a sandbox goes on where the removed one of its id ended',
    file: 'src/store/sandbox-rows.ts',
    find: 'seed = NULL, last_seq = 0, rowid',
    put: 'rowid',
  },
  {
    name: 'a key is listed in a sandbox that does not have it',
    file: 'src/store/states.ts',
    find: 'found?.sandbox_id === sandboxId ? found.api_key : []',
    put: 'found?.api_key ?? []',
  },
  {
    name: 'the copy of an older database is not kept',
    file: 'src/store/open-database.ts',
    find: 'if (version > 0 && version < migrations.length) keepCopy(db, version);\n',
    put: '',
  },
  {
    name: 'a first start that was killed leaves a file that can never be opened',
    file: 'src/store/database-file.ts',
    find: 'if (header.length === 0) {',
    put: 'if (header.length < 0) {',
  },
  {
    name: 'credentials of another shape are shown whole',
    file: 'src/sandbox/journal-entry.ts',
    find: '(?:authorization|cookie|',
    put: '(?:^authorization|cookie|',
  },
  {
    name: 'a key of another sandbox is found',
    file: 'src/sandbox/sandbox.ts',
    find: 'return found?.sandbox_id === this.sandbox_id ? found.api_key : undefined;',
    put: 'return found?.api_key;',
  },
  {
    name: 'the demo key is offered although it is revoked',
    file: 'src/sandbox/sandboxes.ts',
    find: "return found !== undefined && 'apiKey' in found && ",
    put: 'return found !== undefined && ',
  },
  {
    name: 'a reset leaves the journal',
    file: 'src/sandbox/live-sandboxes.ts',
    find: '    former.journal.clear();\n',
    put: '',
  },
  {
    name: 'a reset leaves the buckets',
    file: 'src/sandbox/live-sandboxes.ts',
    find: '?? new MemoryBuckets();',
    put: '?? this.byId.get(sandbox_id)?.sandbox.buckets ?? new MemoryBuckets();',
  },
  {
    name: 'a reset leaves the settings',
    file: 'src/store/whole-states.ts',
    find: '    rows.writeSettings(next, settings);',
    put: '    rows.writeSettings(next, this.states.requireSandbox(sandboxId).settings);',
  },
  {
    name: 'seq begins again after a reset',
    file: 'src/sandbox/journal.ts',
    find: '    this.dropped = 0;\n    this.change(0);',
    put: '    this.dropped = 0;\n    this.lastSeq = 0;\n    this.change(0);',
  },
  {
    name: 'what flags say is forgotten by a reset',
    file: 'src/sandbox/sandboxes.ts',
    find: '({ ...settings, ...flags })',
    put: '({ ...flags, ...settings })',
  },
  {
    name: 'a sandbox of an older generation takes the place of a newer one',
    file: 'src/sandbox/live-sandboxes.ts',
    find: 'known.sandbox.generation >= found.generation',
    put: 'known.sandbox.generation === found.generation',
  },
  {
    name: 'a sandbox outlives the state that it was made for',
    file: 'src/sandbox/live-sandboxes.ts',
    find: 'known.sandbox.generation >= found.generation',
    put: 'known.sandbox.generation <= found.generation',
  },
  {
    name: 'a clock that goes back leaves the buckets in the future',
    file: 'src/sandbox/sandbox.ts',
    find: 'await this.buckets.moveBack(now, then)',
    put: 'await this.buckets.list()',
  },
  {
    name: 'a limit that a PATCH changes does not reach the buckets',
    file: 'src/sandbox/sandbox.ts',
    find: 'await this.buckets.changeLimits(organizationId, limitsOf(settings.tiers, after), now)',
    put: 'await this.buckets.list()',
  },
  {
    name: 'an answer is kept for good, whatever the tiers are by now',
    file: 'src/sandbox/sandbox.ts',
    find: 'known?.tiers === tiers && known.api_version',
    put: 'known?.api_version',
  },
  {
    name: 'a request with a key of another sandbox is filed in default',
    file: 'src/api/auth.ts',
    find: '      exchange.live = found;\n',
    put: '',
  },
  {
    name: 'a caller of another sandbox is told the time of default',
    file: 'src/http/exchange.ts',
    find: "reply.header('date', toHttpDate(live.now));\n      done();\n    };",
    put: "reply.header('date', toHttpDate(live.now));\n      done();\n    };\n    if (exchange.live !== undefined) {\n      const own = exchange.live;\n      return void find(request).then((live) => {\n        exchange.live = own;\n        if (live !== undefined && isMoved(live.settings.clock)) reply.header('date', toHttpDate(live.now));\n        done();\n      });\n    }",
  },
  {
    name: 'a kept exchange keeps the bytes of its body',
    file: 'src/sandbox/exchange.ts',
    find: '    this.bytes = undefined;\n',
    put: '',
  },
  {
    name: 'what a request changed whose client was gone by then is not in the journal',
    file: 'src/sandbox/exchange.ts',
    find: '    this.changes = changes;\n',
    put: '    if (this.ms === undefined) this.changes = changes;\n',
  },
  {
    name: 'what a request changed whose client was gone by then counts for nothing',
    file: 'src/sandbox/exchange.ts',
    find: 'if (this.ms !== undefined) this.journal?.count(this);',
    put: '',
  },
  {
    name: 'the sweep above a thousand keys forgets debts',
    file: 'src/sandbox/buckets.ts',
    find: 'if (Object.keys(kept.byCategory).length === 0) this.byKey',
    put: 'this.byKey',
  },
  {
    name: 'a response is kept for a version of the API that is no longer spoken',
    file: 'src/sandbox/sandbox.ts',
    find: ' && known.api_version === api_version',
    put: '',
  },
  {
    name: 'rate_limit_overrides is merged, as rate_limits is',
    file: 'src/domain/organization.ts',
    find: 'rate_limits === null || rate_limit_overrides !== undefined',
    put: 'rate_limits === null || rate_limit_overrides === null',
  },
  {
    name: 'every version knows the members of all',
    file: 'src/pydantic/model.ts',
    find: 'if (value === undefined || foreign?.includes(name)) continue;',
    put: 'if (value === undefined) continue;',
  },
  {
    name: 'users are never answered',
    file: 'src/domain/organization.ts',
    find: "users ?? 'null'",
    put: "'null'",
  },
  {
    name: 'auto_billing_enabled is never stored',
    file: 'src/store/table.ts',
    find: "kind === 'boolean' ? Number(value)",
    put: "kind === 'boolean' ? 0",
  },
  {
    name: 'auto_billing_enabled is never read',
    file: 'src/store/table.ts',
    find: 'kept === 1',
    put: 'false',
  },
  {
    name: 'an update loses the users',
    file: 'src/domain/organization.ts',
    find: 'users: current.users,',
    put: 'users: null,',
  },
  {
    name: 'name and e-mail are missing in the changes of the journal',
    file: 'src/domain/organization.ts',
    find: 'if (isSameMember(before, after, member)) continue;',
    put: 'if (isSameMember(before, after, member) || /name|email/.test(member)) continue;',
  },
  {
    name: 'created_at ignores --clock',
    file: 'src/seed/unread.ts',
    find: 'toTimestamp(timeOf(clock))',
    put: 'toTimestamp(timeOf(REAL_TIME))',
  },
  {
    name: "a control character in a string has another message than CPython's",
    file: 'src/pydantic/json-scanner.ts',
    find: "'Invalid control character at'",
    put: "'Invalid control character'",
  },
  {
    name: "an unknown escape has another message than CPython's",
    file: 'src/pydantic/json-scanner.ts',
    find: "'Invalid \\\\escape', at - 1",
    put: "'Invalid \\\\escape', at",
  },
  {
    name: 'a missing colon is seen at another place than CPython sees it',
    file: 'src/pydantic/json-scanner.ts',
    find: 'this.fail("Expecting \':\' delimiter")',
    put: 'this.fail("Expecting \':\' delimiter", nameEnd)',
  },
  {
    name: 'a missing value is seen at another place than CPython sees it',
    file: 'src/pydantic/json-scanner.ts',
    find: "this.fail('Expecting value', start)",
    put: "this.fail('Expecting value', at)",
  },
  {
    name: 'HTTP/1.0 needs a Host too',
    file: 'src/http/body-parser.ts',
    find: "raw.httpVersion === '1.1' ? MISSING_HOST() : undefined",
    put: 'MISSING_HOST()',
  },
  {
    name: 'UTF-32 is read little end first only',
    file: 'src/pydantic/body.ts',
    find: 'width === 4 ? units.swap32() : units.swap16()',
    put: 'width === 4 ? units : units.swap16()',
  },
  {
    name: 'what was dropped is still counted after DELETE',
    file: 'src/sandbox/journal.ts',
    find: '    this.dropped = 0;\n    this.change(0);',
    put: '    this.change(0);',
  },
  {
    name: 'a page has no upper bound',
    file: 'src/control/routes.ts',
    find: 'const MAX_LIMIT = 1000;',
    put: 'const MAX_LIMIT = 1_000_000;',
  },
  {
    name: 'connections are kept for a millisecond',
    file: 'src/http/listener.ts',
    find: 'const KEEP_ALIVE_MS = 72_000;',
    put: 'const KEEP_ALIVE_MS = 1;',
  },
  {
    name: 'a second signal is no different from the first',
    file: 'src/cli/main.ts',
    find: 'if (isStopping) process.exit(EXIT_FAILURE);',
    put: 'if (isStopping) return;',
  },
  {
    name: 'a valid middle dot in a label is refused',
    file: 'src/pydantic/idna-code-points.ts',
    find: "return before === 'l' && after === 'l';",
    put: 'return false;',
  },
  {
    name: 'a key with an underscore is malformed',
    file: 'src/domain/redact.ts',
    find: 'sk_[A-Za-z0-9_-]+$/',
    put: 'sk_[A-Za-z0-9-]+$/',
  },
  {
    name: 'a lent key is kept in the file',
    file: 'src/start/served-keys.ts',
    find: "store.lend(DEFAULT_SANDBOX, toKnownKey(key, first, permission, 'generated').api_key);",
    put: "await store.grant(DEFAULT_SANDBOX, [toKnownKey(key, first, permission, 'generated').api_key]);",
  },
  {
    name: 'a change is acknowledged although the file was removed',
    file: 'src/store/group-commit.ts',
    find: '      hooks.beforeCommit();\n',
    put: '',
  },
  {
    name: 'what the disk refuses is acknowledged',
    file: 'src/store/group-commit.ts',
    find: 'for (const unit of units) unit.reject(explained);',
    put: 'for (const done of settle) done();',
  },
  {
    name: 'isolation: a write reaches the organization of that name in every sandbox',
    file: 'src/store/table.ts',
    find: "SET ${names.join(', ')} WHERE state_id = ?",
    put: "SET ${names.join(', ')} WHERE (TRUE OR state_id = ?)",
  },
  {
    name: 'isolation: sandboxes share their buckets',
    file: 'src/sandbox/live-sandboxes.ts',
    find: '?? new MemoryBuckets();',
    put: '?? [...this.byId.values()][0]?.sandbox.buckets ?? new MemoryBuckets();',
  },
  {
    name: 'isolation: a key is used at the time of default',
    file: 'src/store/states.ts',
    find: 'const now = timeOf(settings.clock);\n    return { sandbox_id,',
    put: "const { settings: others } = this.findKeptSandbox('default') ?? sandbox;\n    const now = timeOf(others.clock);\n    return { sandbox_id,",
  },
  {
    name: 'isolation: a key or an organization of any sandbox is found by its id',
    file: 'src/store/table.ts',
    find: 'FROM ${name} WHERE state_id = ? AND ${id} = ?`',
    put: 'FROM ${name} WHERE (TRUE OR state_id = ?) AND ${id} = ?`',
  },
  {
    name: 'isolation: what ends is filed in the journal of default',
    file: 'src/http/exchange.ts',
    find: 'sandboxes.findJournal(live.sandbox.sandbox_id)',
    put: 'sandboxes.findJournal(DEFAULT_SANDBOX)',
  },
  {
    name: 'isolation: the control plane tells the Date of default, whatever sandbox is named',
    file: 'src/http/exchange.ts',
    find: 'await sandboxes.find(named);',
    put: 'await sandboxes.find(DEFAULT_SANDBOX);',
  },
  {
    name: 'isolation: a 429 names the clock of default',
    file: 'src/api/rate-limit.ts',
    find: 'hasControl ? sandbox.sandbox_id : undefined',
    put: "hasControl ? 'default' : undefined",
  },
  {
    name: 'isolation: a 429 of the control plane names the clock of default',
    file: 'src/control/limits.ts',
    find: "'mock.spend', sandbox.sandbox_id",
    put: "'mock.spend', 'default'",
  },
  {
    name: 'isolation: a snapshot is of the first sandbox that has one of the name',
    file: 'src/store/rows.ts',
    find: 'SELECT sandbox_id, state_id, base_id FROM states WHERE sandbox_id = ? AND snapshot = ?',
    put: 'SELECT sandbox_id, state_id, base_id FROM states WHERE (TRUE OR sandbox_id = ?) AND snapshot = ?',
  },
  {
    name: 'isolation: a reset is one of every sandbox',
    file: 'src/store/sandbox-rows.ts',
    find: 'seed = coalesce(?, seed) WHERE sandbox_id = ?',
    put: 'seed = coalesce(?, seed) WHERE (TRUE OR sandbox_id = ?)',
  },
  {
    name: 'isolation: settings are those of every sandbox',
    file: 'src/store/rows.ts',
    find: 'UPDATE states SET settings = ? WHERE state_id = ?',
    put: 'UPDATE states SET settings = ? WHERE (TRUE OR state_id = ?)',
  },
  {
    name: 'isolation: sandboxes share what is kept in memory of organizations, and so their answers',
    file: 'src/store/states.ts',
    find: '  `${sandbox_id} ${generation} ${organizationId}`;',
    put: '  `${sandbox_id.length} ${generation} ${organizationId}`;',
  },
  {
    name: 'isolation: a request in flight writes to the sandbox that has the id by then',
    file: 'src/sandbox/sandbox.ts',
    find: 'if (this.isGone()) throw',
    put: 'if (this.generation < 0) throw',
  },
  {
    name: 'isolation: each sandbox has a bound of its own for its journal',
    file: 'src/sandbox/live-sandboxes.ts',
    find: 'new Journal(this.options.journalSize, this.journals, found.last_seq)',
    put: 'new Journal(this.options.journalSize, new Journals(), found.last_seq)',
  },
  {
    name: 'seq begins again after a SIGKILL',
    file: 'src/sandbox/live-sandboxes.ts',
    find: 'await this.recordIfPossible([usage.reserve(found.last_seq)]);',
    put: 'usage.reserve(found.last_seq);',
  },
  {
    name: 'a sandbox is let go although somebody came while its buckets were looked at',
    file: 'src/sandbox/live-sandboxes.ts',
    find: 'if (this.byId.get(sandboxId) === kept && this.isUnused(kept)) this.letGo',
    put: 'this.letGo',
  },
  {
    name: 'an import that meets a deletion leaves a sandbox that cannot be reset',
    file: 'src/store/whole-states.ts',
    find: '      this.states.requireSandbox(sandboxId);\n      const next',
    put: '      const next',
  },
  {
    name: 'what a client sent is in a header as it is',
    file: 'src/http/envelope.ts',
    find: '[HINT]: toHeaderText(hint)',
    put: '[HINT]: hint',
  },
  {
    name: 'what a state removes of its base is there again',
    file: 'src/store/table.ts',
    find: "    this.makeOwn(state, id, { removed: '1' });",
    put: '',
  },
  {
    name: 'what changes behind a snapshot changes the snapshot',
    file: 'src/store/whole-states.ts',
    find: '    if (sandbox.base_id === null) this.goOn(sandbox, fork, name);\n    else this',
    put: '    this',
  },
  {
    name: 'a state that others begin as is changed once more',
    file: 'src/store/whole-states.ts',
    find: ' && !rows.isBase(from)',
    put: '',
  },
  {
    name: 'a sandbox is changed while its state is replaced',
    file: 'src/store/slices.ts',
    find: 'this.busy.size === 0 ?',
    put: 'this.busy.size >= 0 ?',
  },
  {
    name: 'what a start that was killed had written stays',
    file: 'src/store/sqlite.ts',
    find: '  rows.abandonAll();\n',
    put: '',
  },
  {
    name: 'what slices of a write that failed had written stays',
    file: 'src/store/slices.ts',
    find: 'this.hooks.abandon(left)',
    put: 'undefined',
  },
  {
    name: 'a sandbox that is removed as another is collected stays in the file',
    file: 'src/store/slices.ts',
    find: '        this.collect();\n',
    put: '',
  },
  {
    name: 'compiled code is taken for any bundle of that length',
    file: 'src/cli/load-bundle.cjs',
    find: '.update(source).update(code)',
    put: '.update(code)',
  },
  {
    name: 'answers leave one by one, and not at the end of the turn',
    file: 'src/http/held-writes.ts',
    find: 'setImmediate(this.release)',
    put: 'this.release()',
  },
  {
    name: 'of the answers of a turn only the first leaves',
    file: 'src/http/held-writes.ts',
    find: 'for (const socket of held) Socket',
    put: 'for (const socket of held.slice(0, 1)) Socket',
  },
  {
    name: 'a wait gives requests that are not over',
    file: 'src/sandbox/await-verdict.ts',
    find: 'look = setImmediate(lookAt, entries);',
    put: 'lookAt(entries);',
  },
  {
    name: 'a wait forgets what came while it looked',
    file: 'src/sandbox/await-verdict.ts',
    find: '      if (fresh.length > 0) lookSoon();\n',
    put: '',
  },
  {
    name: 'a journal that was emptied gets requests back',
    file: 'src/sandbox/journal.ts',
    find: '    if (entry.seq <= this.firstSeq) return;\n',
    put: '',
  },
];
