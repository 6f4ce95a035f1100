import { findUnsafe, toShown } from './code-points.ts';

/** Why a text is not an e-mail address, in email-validator's words. */
export class EmailProblem extends Error {}

/** Checks the places of periods, and in a domain of hyphens. `{}` in a message stands for the character. */
export function checkDots(text: string, atStart: string, atEnd: string, hyphens: boolean): void {
  const fill = (sentence: string, char: string) => new EmailProblem(sentence.replace('{}', char));
  if (text.endsWith('.')) throw fill(atEnd, 'period');
  if (text.startsWith('.')) throw fill(atStart, 'period');
  if (text.includes('..')) throw new EmailProblem('An email address cannot have two periods in a row.');
  if (!hyphens) return;
  if (text.endsWith('-')) throw fill(atEnd, 'hyphen');
  if (text.startsWith('-')) throw fill(atStart, 'hyphen');
  if (text.includes('.-') || text.includes('-.')) {
    throw new EmailProblem('An email address cannot have a period and a hyphen next to each other.');
  }
}

/** `(2 characters too many)` */
export function tooMany(length: number, limit: number, unit = 'character'): string {
  const excess = length - limit;
  return `(${excess} ${unit}${excess > 1 ? 's' : ''} too many)`;
}

export function checkUnsafe(text: string, options: { allowSpace: boolean }): void {
  const unsafe = findUnsafe(text, options);
  if (unsafe.length === 0) return;
  throw new EmailProblem(`The email address contains unsafe characters: ${unsafe.map(toShown).join(', ')}.`);
}
