import type { Summary } from '../sandbox/summary.ts';

/** What a row, and a bar of the tape, is coloured by; the status says it too. */
export function toneOf({ status, changed, fault, outcome }: Summary): string {
  if (status === 429 && fault === null) return 'limited';
  if (outcome === 'cut' || fault !== null) return 'faulted';
  if (status !== null && status >= 400) return status === 501 ? 'unserved' : 'refused';
  return changed.length > 0 ? 'didchange' : 'ok';
}
