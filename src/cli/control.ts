import type { Command } from 'commander';
import { escapeControls } from '../domain/text.ts';
import type { Setting } from '../setting.ts';
import { alignColumns } from './banner.ts';
import { addSettings, type Flags, readCommandConfig } from './config.ts';
import { askControl, ControlError } from './control-client.ts';
import {
  CONTROL_SETTINGS,
  CREATE_SETTINGS,
  REQUESTS_SETTINGS,
  SANDBOX_SETTINGS,
  STATE_SETTINGS,
} from './control-settings.ts';
import { printRequests } from './requests.ts';

/** Adds the commands that ask a running server, each with its example. */
export function addControlCommands(program: Command, typed: string): [Command, string][] {
  const add = (parent: Command, usage: string, settings: Record<string, Setting>, description: string) =>
    addSettings(parent.command(usage).description(description), settings);
  const reset = add(program, 'reset', SANDBOX_SETTINGS, 'take a sandbox back to the state that it was made with');
  const snapshot = add(program, 'snapshot <name>', SANDBOX_SETTINGS, 'keep the present state under a name');
  const restore = add(program, 'restore <name>', SANDBOX_SETTINGS, 'take a sandbox back to a snapshot');
  const state = add(program, 'state', STATE_SETTINGS, 'print the state of a sandbox as a seed file');
  const requests = add(program, 'requests', REQUESTS_SETTINGS, 'print the requests that a sandbox received');
  // With positional options, a flag behind `create` is one of `create`.
  const sandboxes = add(program, 'sandboxes', CONTROL_SETTINGS, 'list the sandboxes of a server')
    .enablePositionalOptions()
    .helpCommand(false);
  const create = add(sandboxes, 'create', CREATE_SETTINGS, 'make a sandbox and print its key and URL, for eval');
  const remove = add(sandboxes, 'delete <id...>', CONTROL_SETTINGS, 'remove sandboxes, with all that is in them');
  return [
    [reset.action(resetSandbox), `${typed} reset`],
    [snapshot.action(saveSnapshot), `${typed} snapshot seeded`],
    [restore.action(restoreSnapshot), `${typed} restore seeded`],
    [state.action(printState), `${typed} state > seed.yaml`],
    [requests.action(printRequests), `${typed} requests --follow`],
    [sandboxes.action(listSandboxes), `${typed} sandboxes --url http://localhost:4031`],
    [create.action(createSandbox), `eval "$(${typed} sandboxes create --ttl 10m)"`],
    [remove.action(deleteSandboxes), `${typed} sandboxes delete sbx_0123456789abcdef01234567`],
  ];
}

const say = (line: string) => void process.stdout.write(`${escapeControls(line)}\n`);
const pathOf = (sandbox: string) => `/sandboxes/${encodeURIComponent(sandbox)}`;

async function resetSandbox(flags: Flags): Promise<void> {
  const config = readCommandConfig(SANDBOX_SETTINGS, flags);
  const { sandbox } = config;
  const task = `reset the sandbox ${sandbox}`;
  const answer = await askControl(config, { task, method: 'POST', path: `${pathOf(sandbox)}/reset` });
  const { reset, before }: { reset: string[]; before: string } = JSON.parse(answer);
  say(`${sandbox} is reset: ${reset.join(', ')}; ${toUndo(before)}`);
}

const toUndo = (before: string) => `restore ${before} to undo, but for the requests`;

async function saveSnapshot(name: string, flags: Flags): Promise<void> {
  const config = readCommandConfig(SANDBOX_SETTINGS, flags);
  const { sandbox } = config;
  const task = `keep a snapshot ${name} of the sandbox ${sandbox}`;
  const path = `${pathOf(sandbox)}/snapshots/${encodeURIComponent(name)}`;
  await askControl(config, { task, method: 'PUT', path });
  say(`${sandbox} is kept in the snapshot ${name}; restore ${name} to go back`);
}

async function restoreSnapshot(name: string, flags: Flags): Promise<void> {
  const config = readCommandConfig(SANDBOX_SETTINGS, flags);
  const { sandbox } = config;
  const task = `restore the snapshot ${name} of the sandbox ${sandbox}`;
  const path = `${pathOf(sandbox)}/snapshots/${encodeURIComponent(name)}/restore`;
  const answer = await askControl(config, { task, method: 'POST', path });
  const { replaced, before }: { replaced: string[]; before: string } = JSON.parse(answer);
  say(`${sandbox} is restored to ${name}: ${replaced.join(', ')}; ${toUndo(before)}`);
}

async function printState(flags: Flags): Promise<void> {
  const { json, sandbox, ...config } = readCommandConfig(STATE_SETTINGS, flags);
  const task = `read the state of the sandbox ${sandbox}`;
  const accept = json ? 'application/json' : 'application/yaml';
  const text = await askControl(config, { task, method: 'GET', path: `${pathOf(sandbox)}/state`, accept });
  // In a file it is a seed, whose metadata is kept to the byte; a terminal must not obey it.
  process.stdout.write(process.stdout.isTTY ? escapeControls(text, '\n') : text);
}

interface ListedSandbox {
  sandbox_id: string;
  name: string | null;
  age_seconds: number;
  ttl_left_seconds: number | null;
  organizations: number;
  api_keys: number;
  requests: number;
}

const HEADER = ['ID', 'NAME', 'AGE', 'TTL LEFT', 'ORGANIZATIONS', 'KEYS', 'REQUESTS'];
/** The most that the server gives at once. */
const PAGE_SIZE = 1000;

async function listSandboxes(flags: Flags): Promise<void> {
  const config = readCommandConfig(CONTROL_SETTINGS, flags);
  const rows = [HEADER];
  for (let cursor: number | null = 0; cursor !== null; ) {
    const path = `/sandboxes?limit=${PAGE_SIZE}&cursor=${cursor}`;
    const answer = await askControl(config, { task: 'list the sandboxes', method: 'GET', path });
    const page: { sandboxes: ListedSandbox[]; next: number | null } = JSON.parse(answer);
    for (const sandbox of page.sandboxes) rows.push(toRow(sandbox));
    cursor = page.next;
  }
  for (const line of alignColumns(rows)) say(line);
}

const toRow = ({ sandbox_id, name, age_seconds, ttl_left_seconds, ...counts }: ListedSandbox): string[] => [
  sandbox_id,
  escapeControls(name ?? '-'),
  toDuration(age_seconds),
  ttl_left_seconds === null ? '-' : toDuration(ttl_left_seconds),
  ...[counts.organizations, counts.api_keys, counts.requests].map(String),
];

/** The two largest units of a time in seconds: `2d3h`, `9m58s`. */
export function toDuration(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count}${unit}`).join('');
}

async function createSandbox(_flags: Flags, command: Command): Promise<void> {
  const config = readCommandConfig(CREATE_SETTINGS, command.optsWithGlobals<Flags>());
  const { name, accountType: account_type, ttl, seed: seedFile, url } = config;
  const ttl_seconds = ttl && ttl / 1000;
  const seed = seedFile && (await import('../seed/unread.ts')).readSeedFileText(seedFile);
  const body = { name, account_type, ttl_seconds, seed };
  const answer = await askControl(config, {
    task: 'make a sandbox',
    method: 'POST',
    path: '/sandboxes',
    body,
    seedFile,
  });
  const { sandboxes }: { sandboxes: { sandbox_id: string; api_keys: { admin: string } }[] } = JSON.parse(answer);
  for (const { sandbox_id, api_keys } of sandboxes) {
    say(`export MIXPEEK_API_KEY=${quote(api_keys.admin)}`);
    say(`export MIXPEEK_BASE_URL=${quote(url)}`);
    say(`export MIXPEEK_API_URL=${quote(url)}`);
    // At the end: without quotes around its argument, eval has all in one line.
    say(`# sandbox ${sandbox_id}`);
  }
}

/** As one word of a shell. */
export const quote = (value: string) => (/^[\w.,:/@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`);

/** Removes all that can be removed, whatever happens to the others. */
async function deleteSandboxes(ids: string[], _flags: Flags, command: Command): Promise<void> {
  const config = readCommandConfig(CONTROL_SETTINGS, command.optsWithGlobals<Flags>());
  const problems: string[] = [];
  for (const id of ids) {
    try {
      await askControl(config, { task: `remove the sandbox ${id}`, method: 'DELETE', path: pathOf(id) });
      say(`${id} is removed`);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new ControlError([...new Set(problems)].join('\n'));
}
