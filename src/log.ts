import { redactKeys } from './domain/api-key.ts';

/** Writes log lines for people or for programs; whatever looks like a key is cut to its prefix, wherever it stands. */
export function buildLogStream(isJson: boolean, write: (text: string) => void): { write(line: string): void } {
  return { write: (line) => write(redactKeys(isJson ? line : toReadableLine(line))) };
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
  err?: { stack?: string; message?: string };
}

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** One line a request: method, path, status, milliseconds, organization. */
function toReadableLine(json: string): string {
  const { level, msg, method, path, status, ms, organization_id, err } = JSON.parse(json) as LogLine;
  if (msg === 'request') return `${method} ${path} ${status} ${ms} ms${organization_id ? ` ${organization_id}` : ''}\n`;
  return `${LEVELS[level] ?? level}: ${msg}${err ? `\n${err.stack ?? err.message}` : ''}\n`;
}
