import { spawn } from 'node:child_process';
import { codeOf } from '../domain/errors.ts';

/** The program that opens a URL in the default browser, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  // The first argument in quotes would be the title of a window.
  win32: ['cmd', '/c', 'start', '""'],
};

/**
 * Opens a page in the default browser. The browser outlives this process, and a server serves without one too.
 * @param report takes a line about what went wrong
 */
export function openInBrowser(url: string, report: (line: string) => void): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const warn = (reason: string) => report(`--open: ${command} failed (${reason}): open ${url} in a browser`);
  const child = spawn(command, [...args, url], {
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
    windowsVerbatimArguments: true,
  });
  child.once('error', (error) => warn(codeOf(error)));
  child.once('exit', (code) => code !== null && code !== 0 && warn(`exit code ${code}`));
  child.unref();
}
