import { performance } from 'node:perf_hooks';
import process from 'node:process';
import timers from 'node:timers';

/*
 * Timers and the time of this machine, taken when the module loads: a test that fakes them afterwards, in the process that
 * the server runs in, neither stops the server nor moves its clock. The build gives the same ones to the libraries, by the
 * names that they have as globals.
 */
export const { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers;
export const RealDate = globalThis.Date;
export const queueMicrotask = globalThis.queueMicrotask;

const { nextTick } = process;
/** Milliseconds that only go forward, for durations and deadlines. */
export const now: () => number = performance.now.bind(performance);
export { nextTick as 'process.nextTick', now as 'performance.now', RealDate as 'Date' };
