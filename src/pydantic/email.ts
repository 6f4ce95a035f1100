import { once } from '../domain/once.ts';
import { stripTrailingWhitespace, stripWhitespace, toShown, WHITESPACE_CLASS } from './code-points.ts';
import { type DomainName, readDomain } from './email-domain.ts';
import { refuseLiteral } from './email-literal.ts';
import { checkDots, checkUnsafe, EmailProblem, refuseChars, tooMany } from './email-problem.ts';

/** The normalized address, or why the text is not one. */
export type EmailVerdict = { address: string } | { reason: string };

/**
 * Validates as pydantic's `EmailStr` does (observed with pydantic 2.13 on email-validator 2.3, without DNS). If two rules
 * are broken, the reason is that of the rule that email-validator checks first.
 */
export function validateEmail(text: string): EmailVerdict {
  try {
    return { address: normalizeEmail(text) };
  } catch (error) {
    if (error instanceof EmailProblem) return { reason: error.message };
    throw error;
  }
}

const MAX_INPUT_LENGTH = 2048;
const MAX_ADDRESS_BYTES = 254;

/** `Joe <a@b.com>` and `"Joe, X" <a@b.com>`: pydantic takes the part in angle brackets. */
const WORD = "[\\p{L}\\p{N}!#$%&'*+\\-/=?^_`{|}~]+";
const PRETTY = once(
  () =>
    new RegExp(
      `^${WHITESPACE_CLASS}*(?:(?:${WORD}${WHITESPACE_CLASS}+)*${WORD}|"[^]+")?${WHITESPACE_CLASS}*<([^\\n]+)>${WHITESPACE_CLASS}*$`,
      'u',
    ),
);

const ATEXT = "a-zA-Z0-9_!#$%&'*+\\-/=?^`{|}~";
const ATEXT_INTERNATIONAL = `${ATEXT}\\u{80}-\\u{10ffff}`;
const DOT_ATOM = new RegExp(`^[${ATEXT}]+(?:\\.[${ATEXT}]+)*$`);
const DOT_ATOM_INTERNATIONAL = new RegExp(`^[${ATEXT_INTERNATIONAL}]+(?:\\.[${ATEXT_INTERNATIONAL}]+)*$`, 'u');
const NOT_OF_LOCAL = new RegExp(`[^.${ATEXT_INTERNATIONAL}]`, 'gu');
const NOT_OF_DISPLAY_NAME = new RegExp(`[^ ${ATEXT}]`, 'gu');
const CONTROLS = /[^ -~\u{80}-\u{10ffff}]/gu;

/** Mailboxes that are case-insensitive by RFC 2142: the only local parts that are lower-cased. */
const CASE_INSENSITIVE_MAILBOXES =
  /^(?:info|marketing|sales|support|abuse|noc|security|postmaster|hostmaster|usenet|news|webmaster|www|uucp|ftp)$/i;

const readPretty = (text: string) => (text.includes('>') ? PRETTY().exec(text)?.[1] : undefined);

function normalizeEmail(text: string): string {
  if ([...text].length > MAX_INPUT_LENGTH) {
    throw new EmailProblem(`Length must not exceed ${MAX_INPUT_LENGTH} characters`);
  }
  const { displayName, local, isQuoted, domain } = splitAddress(stripWhitespace(readPretty(text) ?? text));
  const normalizedLocal = readLocalPart(local, isQuoted);
  if (domain === '') throw new EmailProblem('There must be something after the @-sign.');
  if (domain.startsWith('[') && domain.endsWith(']')) refuseLiteral(domain.slice(1, -1));
  const name = readDomain(domain);
  checkLength(`${local}@${domain}`, normalizedLocal, name);
  if (displayName !== undefined) {
    throw new EmailProblem('A display name and angle brackets around the email address are not permitted here.');
  }
  return `${normalizedLocal}@${name.domain}`;
}

function splitAddress(address: string) {
  let displayName: string | undefined;
  let [left, right] = splitAtUnquoted(address, ['@', '<']);
  if (right.startsWith('<')) {
    const [name, isQuoted] = unquote(stripTrailingWhitespace(left));
    displayName = name;
    checkDisplayName(name, isQuoted);
    [left, right] = splitAtUnquoted(readAngleBrackets(right), ['@']);
  }
  const [local, isQuoted] = unquote(left);
  return { displayName, local, isQuoted, domain: right.replace(/^@/, '') };
}

function checkDisplayName(name: string, isQuoted: boolean): void {
  if (!isQuoted) refuseChars(name, NOT_OF_DISPLAY_NAME, 'The display name contains invalid characters when not quoted');
  checkUnsafe(name, { allowSpace: true });
}

function readAngleBrackets(text: string): string {
  if (!text.includes('>')) {
    throw new EmailProblem(
      'An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end.',
    );
  }
  const rest = text.replace(/ +$/, '');
  if (!rest.endsWith('>')) throw new EmailProblem("There can't be anything after the email address.");
  return rest.slice(1).replace(/>+$/, '');
}

/** Splits before the first of the characters that is not quoted and not changed by a combining mark behind it. */
function splitAtUnquoted(text: string, specials: string[]): [string, string] {
  const chars = [...text];
  let isInside = false;
  let isEscaped = false;
  for (const [index, char] of chars.entries()) {
    if (isChangedByMarks(chars, index)) continue;
    if (isInside) {
      if (char === '"' && !isEscaped) isInside = false;
      isEscaped = char === '\\' && !isEscaped;
    } else if (char === '"') isInside = true;
    else if (specials.includes(char)) return [chars.slice(0, index).join(''), chars.slice(index).join('')];
  }
  if (text.includes('\uff20')) {
    throw new EmailProblem(
      'The email address has the "full-width" at-sign (@) character instead of a regular at-sign.',
    );
  }
  if (text.includes('\ufe6b')) {
    throw new EmailProblem('The email address has the "small commercial at" character instead of a regular at-sign.');
  }
  throw new EmailProblem('An email address must have an @-sign.');
}

/** The most marks considered behind a character: more than any script has. */
const MAX_MARKS = 40;

function isChangedByMarks(chars: string[], index: number): boolean {
  const [char = '', next = ''] = [chars[index], chars[index + 1]];
  if (char < '\u0080' && next < '\u0300') return false;
  const [first] = chars
    .slice(index, index + MAX_MARKS)
    .join('')
    .normalize('NFC');
  return first !== char;
}

/** The text without quotes and escapes, and whether it was quoted. */
function unquote(text: string): [string, boolean] {
  if (!text.startsWith('"')) return [text, false];
  const chars = [...text].slice(1);
  let value = '';
  for (let index = 0; index < chars.length; index++) {
    const char = chars[index];
    if (char === '"') {
      const behind = chars.slice(index + 1).map(toShown);
      if (behind.length === 0) break;
      throw new EmailProblem(`Extra character(s) found after close quote: ${behind.join(', ')}`);
    }
    if (char === '\\') index++;
    value += chars[index] ?? '';
  }
  return [value, true];
}

function readLocalPart(local: string, isQuoted: boolean): string {
  checkLocalPart(local, isQuoted);
  const normalized = local.normalize('NFC');
  if (normalized !== local) {
    try {
      checkLocalPart(normalized, isQuoted);
    } catch (error) {
      if (!(error instanceof EmailProblem)) throw error;
      throw new EmailProblem(`After Unicode normalization: ${error.message}`);
    }
  }
  if (isQuoted) throw new EmailProblem('Quoting the part before the @-sign is not allowed here.');
  return CASE_INSENSITIVE_MAILBOXES.test(normalized) ? normalized.toLowerCase() : normalized;
}

function checkLocalPart(local: string, isQuoted: boolean): void {
  if (local === '') throw new EmailProblem('There must be something before the @-sign.');
  if (DOT_ATOM.test(local)) return;
  const isDotAtom = DOT_ATOM_INTERNATIONAL.test(local);
  if (isQuoted && !isDotAtom) {
    refuseChars(local, CONTROLS, 'The email address contains invalid characters in quotes before the @-sign');
  }
  if (isQuoted || isDotAtom) {
    checkUnsafe(local, { allowSpace: !isDotAtom });
    return;
  }
  refuseChars(local, NOT_OF_LOCAL, 'The email address contains invalid characters before the @-sign');
  const atEnd = 'An email address cannot have a {} immediately before the @-sign.';
  checkDots(local, 'An email address cannot start with a {}.', atEnd, false);
}

/** Checks the address as sent, as stored, and as a mail server without Unicode sees it. */
function checkLength(original: string, local: string, { domain, asciiDomain }: DomainName): void {
  const excess = Buffer.byteLength(original) - MAX_ADDRESS_BYTES;
  if (excess > 0) {
    // How many characters that are depends on which of them are left out.
    const widest = Math.max(...[...original].map((char) => Buffer.byteLength(char)));
    const least = Math.max(1, Math.floor(excess / widest));
    throw new EmailProblem(`The email address is too long ${tooMany(excess, 'character', least)}.`);
  }
  const forms = [
    [`${local}@${domain}`, 'after normalization'],
    [`${local}@${asciiDomain}`, 'when the part after the @-sign is converted to IDNA ASCII'],
  ] as const;
  for (const [address, when] of forms) {
    const excess = Buffer.byteLength(address) - MAX_ADDRESS_BYTES;
    if (excess > 0) throw new EmailProblem(`The email address is too long ${when} ${tooMany(excess, 'byte')}.`);
  }
}
