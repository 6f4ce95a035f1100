import { hostname } from 'node:os';
import type { FastifyBaseLogger } from 'fastify';
import { RealDate } from '../domain/real-time.ts';
import { redactKeys } from '../domain/redact.ts';
import { escapeControls } from '../domain/text.ts';
import { LineWriter } from './line-writer.ts';

const toLost = (lines: number) =>
  `lines of this log are lost: ${lines}; whoever reads it is more than 1 MiB behind, or its disk was full`;
/** Where logs go, for people and for programs. */
const STANDARD_ERROR = [
  new LineWriter(2, (lines) => toReadableLine('warn', {}, toLost(lines))),
  new LineWriter(2, (lines) => toJsonLine('warn', {}, toLost(lines))),
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

const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Number.POSITIVE_INFINITY };
export type LogLevel = keyof typeof LEVELS;

/**
 * The log of a server, in lines for people, or for programs in the JSON that Fastify's own logger writes: with that one a GET
 * has 0.7 of the rate, and its lines would have to be read again for people. Whatever looks like a key is masked, and control
 * characters are escaped.
 */
export function buildLog(level: LogLevel, isJson: boolean, write: (text: string) => void): FastifyBaseLogger {
  const toLine = isJson ? toJsonLine : toReadableLine;
  const build = (name: LogLevel) => {
    if (LEVELS[name] < LEVELS[level]) return () => {};
    return (told: Line | string, msg?: string) => {
      const line = typeof told === 'string' ? toLine(name, {}, told) : toLine(name, told, msg);
      write(escapeControls(redactKeys(line), '\n'));
    };
  };
  const methods = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
  const log = Object.fromEntries(methods.map((name) => [name, build(name)]));
  return Object.assign(log, { level, silent: () => {}, child: () => log }) as unknown as FastifyBaseLogger;
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

interface Line {
  method?: string;
  path?: string;
  status?: number;
  ms?: number;
  organization_id?: string | undefined;
  hint?: unknown;
  err?: unknown;
}

const HOSTNAME = JSON.stringify(hostname());

function toJsonLine(name: LogLevel, line: Line, msg: string | undefined): string {
  const told = line.err === undefined ? line : { ...line, err: toErrorMembers(line.err) };
  const members = JSON.stringify(told).slice(1, -1);
  const head = `{"level":${LEVELS[name]},"time":${RealDate.now()},"pid":${process.pid},"hostname":${HOSTNAME}`;
  return `${head}${members && `,${members}`},"msg":${JSON.stringify(msg)}}\n`;
}

const toErrorMembers = (error: unknown) =>
  error instanceof Error ? { ...error, type: error.name, message: error.message, stack: error.stack } : error;

/**
 * One line a request: method, path, status, milliseconds, organization, and the hint if there is one. What could not be read
 * as HTTP has no method, path and milliseconds.
 */
function toReadableLine(name: LogLevel, line: Line, msg: string | undefined): string {
  if (msg === 'request') return toRequestLine(line);
  const { err } = line;
  return `${name}: ${msg}${err instanceof Error ? `\n${err.stack ?? err.message}` : ''}\n`;
}

function toRequestLine({ method, path, status, ms, organization_id, hint }: Line): string {
  const time = ms === undefined ? undefined : `${ms} ms`;
  const parts = [method, path, status, time, organization_id].filter((part) => part !== undefined);
  return `${parts.join(' ')}${hint === undefined ? '' : ` — ${hint}`}\n`;
}
