import { redactKeys } from '../domain/redact.ts';

/** What a person should do next. The body stays exactly the real one. */
export const HINT = 'x-mixpeek-mock-hint';

/** Printable ASCII, of a length that every client takes: a hint may repeat what a client sent, a key among it. */
export function toHeaderText(text: string): string {
  return redactKeys(text)
    .replaceAll('…', '...')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200);
}
