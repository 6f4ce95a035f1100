import { escapeControls } from '../domain/text.ts';
import { type Flags, readCommandConfig } from './config.ts';
import { askControl, ControlError, followControl } from './control-client.ts';
import { REQUESTS_SETTINGS } from './control-settings.ts';

/** A request, as the stream and the list say it. */
interface Line {
  seq: number | null;
  method: string;
  path: string;
  status: number | null;
  outcome: 'open' | 'answered' | 'cut';
  ms: number | null;
  organization_id: string | null;
  changed: string[];
  fault: string | null;
  error: string | null;
}

/** What is not a request, and what to print for it. */
const NOTES: Record<string, (data: { text?: string; by?: string; skipped?: number; reason?: string }) => string> = {
  control: ({ text, by }) => `--- ${text} (${by})`,
  cleared: () => '--- the requests were emptied',
};

const PAGE_SIZE = 1000;

/** Prints the requests of a sandbox, a line each, as the log has them, with what each changed. */
export async function printRequests(flags: Flags): Promise<void> {
  const config = readCommandConfig(REQUESTS_SETTINGS, flags);
  const { sandbox, follow } = config;
  const path = `/sandboxes/${encodeURIComponent(sandbox)}`;
  const task = `list the requests of the sandbox ${sandbox}`;
  let last = 0;
  for (let cursor: number | null = 0; cursor !== null; ) {
    const query = `view=summary&limit=${PAGE_SIZE}&cursor=${cursor}`;
    const answer = await askControl(config, { task, method: 'GET', path: `${path}/requests?${query}` });
    const page: { requests: Line[]; next: number | null } = JSON.parse(answer);
    for (const request of page.requests) {
      last = Math.max(last, request.seq ?? 0);
      say(toLine(request));
    }
    cursor = page.next;
  }
  if (follow)
    await followRequests(followControl(config, { task, method: 'GET', path: `${path}/stream?after=${last}` }));
}

async function followRequests(lines: AsyncGenerator<string>): Promise<void> {
  let name = '';
  for await (const line of lines) {
    const [, field = '', value = ''] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field !== 'data') continue;
    // Whoever reads them has gone.
    if (process.stdout.destroyed) return;
    const data = JSON.parse(value);
    if (name === 'end') return say(`--- the end: ${data.reason}`);
    if (name === 'requests') {
      for (const request of data.requests) say(toLine(request));
      if (data.skipped > 0) say(`--- ${data.skipped} more, faster than can be shown`);
    }
    const note = NOTES[name]?.(data);
    if (note !== undefined) say(note);
  }
  throw new ControlError('the connection has ended: is the server still running?');
}

function toLine({ method, path, status, outcome, ms, organization_id, changed, fault, error }: Line): string {
  const parts = [method, path, status ?? outcome, ms === null ? null : `${ms} ms`, organization_id];
  const notes = [
    ...(changed.length > 0 ? [`changed ${changed.join(', ')}`] : []),
    ...(fault === null ? [] : [`fault ${fault}`]),
    ...(error === null ? [] : [error]),
  ];
  const line = parts.filter((part) => part !== null).join(' ');
  return notes.length === 0 ? line : `${line} — ${notes.join('; ')}`;
}

const say = (line: string) => void process.stdout.write(`${escapeControls(line)}\n`);
