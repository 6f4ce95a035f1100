import type { FastifyBaseLogger } from 'fastify';
import { RealDate } from '../domain/real-time.ts';
import { redactKeys } from '../domain/redact.ts';
import { escapeControls } from '../domain/text.ts';
import { LineWriter } from './line-writer.ts';

const toLost = (lines: number) =>
  `lines of this log are lost: ${lines}; whoever reads it is more than 1 MiB behind, or its disk was full`;
/** Where logs go, for people and for programs. */
const STANDARD_ERROR = [
  new LineWriter(2, (lines) => `warn: ${toLost(lines)}\n`),
  new LineWriter(2, (lines) => `${JSON.stringify({ level: 40, time: RealDate.now(), msg: toLost(lines) })}\n`),
] as const;
process.on('exit', () => {
  for (const writer of STANDARD_ERROR) writer.end();
});

/** Where the log of a program goes: nobody waits for who reads it. */
export function buildStandardError(isJson: boolean): (text: string) => void {
  // Node makes a pipe one that does not block when it opens it.
  void process.stderr;
  const writer = STANDARD_ERROR[isJson ? 1 : 0];
  return (text) => writer.write(text);
}

/**
 * Writes log lines for people or for programs. Whatever looks like a key is masked, and control characters are escaped.
 */
export function buildLogStream(isJson: boolean, write: (text: string) => void): { write(line: string): void } {
  return { write: (line) => write(escapeControls(redactKeys(isJson ? line : toReadableLine(line)), '\n')) };
}

/** A log for what is reported before there is a logger; from then on it goes there at once. */
export function buildLateLog() {
  let logger: FastifyBaseLogger | undefined;
  const early: ((logger: FastifyBaseLogger) => void)[] = [];
  const write = (line: (logger: FastifyBaseLogger) => void) => {
    if (logger === undefined) early.push(line);
    else line(logger);
  };
  return {
    report: (level: 'error' | 'warn' | 'info', text: string) => write((to) => to[level](text)),
    request: (line: object) => write((to) => to.info(line, 'request')),
    attach: (to: FastifyBaseLogger) => {
      logger = to;
      for (const line of early.splice(0)) line(to);
    },
  };
}

interface LogLine {
  level: number;
  time: number;
  msg?: string;
  method?: string;
  path?: string;
  status?: number;
  ms?: number;
  organization_id?: string;
  hint?: string;
  err?: { stack?: string; message?: string };
}

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/**
 * One line a request: method, path, status, milliseconds, organization, and the hint if there is one. What could not be read
 * as HTTP has no method, path and milliseconds.
 */
function toReadableLine(json: string): string {
  const { level, msg, err, ...request }: LogLine = JSON.parse(json);
  if (msg === 'request') return toRequestLine(request);
  return `${LEVELS[level] ?? level}: ${msg}${err ? `\n${err.stack ?? err.message}` : ''}\n`;
}

function toRequestLine({ method, path, status, ms, organization_id, hint }: Partial<LogLine>): string {
  const time = ms === undefined ? undefined : `${ms} ms`;
  const parts = [method, path, status, time, organization_id].filter((part) => part !== undefined);
  return `${parts.join(' ')}${hint === undefined ? '' : ` — ${hint}`}\n`;
}
