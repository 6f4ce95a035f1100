import { checkDots, checkUnsafe, EmailProblem, refuseChars, tooMany } from './email-problem.ts';
import { IdnaError, mapDomain, toALabel, toULabel } from './idna.ts';

/** A domain in Unicode, and as DNS has it. */
export interface DomainName {
  domain: string;
  asciiDomain: string;
}

const MAX_DOMAIN_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;
const NOT_OF_HOST = /[^a-zA-Z0-9.\-\u{80}-\u{10ffff}]/gu;
const HOST_LABEL = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)';
const ASCII_DOMAIN = new RegExp(`^${HOST_LABEL}(?:\\.${HOST_LABEL})*$`);
/** Characters that mapping turns into text with a period, except the full-width period. */
const HIDDEN_PERIOD = /[\u{2024}-\u{2026}\u{2488}-\u{249b}\u{33c2}\u{33c7}\u{33d8}\u{fe52}\u{1f100}]/gu;
const INVALID = 'The part after the @-sign contains invalid characters';

/** Special-use names (RFC 6761 and later) without mail. email-validator accepts `.example` and `.internal`. */
const SPECIAL_USE_NAMES = ['arpa', 'invalid', 'local', 'localhost', 'onion', 'test'];

/** What was read of domains lately: those of a large seed are few. Reading 100,000 addresses takes a third of the time. */
const known = new Map<string, DomainName>();
const MAX_KNOWN = 100;

/** Checks and normalizes the domain behind the @-sign. */
export function readDomain(sent: string): DomainName {
  const found = known.get(sent);
  if (found !== undefined) return found;
  const read = readUnknownDomain(sent);
  if (known.size === MAX_KNOWN) known.clear();
  known.set(sent, read);
  return read;
}

function readUnknownDomain(sent: string): DomainName {
  refuseChars(sent, NOT_OF_HOST, INVALID);
  checkUnsafe(sent, { allowSpace: false });
  refuseChars(sent, HIDDEN_PERIOD, INVALID);
  const mapped = inIdna(() => mapDomain(sent), 'contains invalid characters');
  refuseChars(mapped, NOT_OF_HOST, `${INVALID} after Unicode normalization`);
  const atStart = 'An email address cannot have a {} immediately after the @-sign.';
  checkDots(mapped, atStart, 'An email address cannot end with a {}.', true);
  if (mapped.split('.').some((label) => /^(?!xn)..--/isu.test(label))) {
    throw new EmailProblem(
      'An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except Punycode.',
    );
  }
  const asciiDomain = toAsciiDomain(mapped);
  checkAsciiDomain(asciiDomain, asciiDomain === sent);
  const domain = inIdna(() => asciiDomain.split('.').map(toULabel).join('.'), 'is not valid IDNA');
  checkUnsafe(domain, { allowSpace: false });
  return { domain, asciiDomain };
}

function toAsciiDomain(mapped: string): string {
  if (ASCII_DOMAIN.test(mapped)) return mapped;
  return inIdna(() => mapped.split('.').map(toALabel).join('.'), 'is invalid');
}

function checkAsciiDomain(domain: string, isAsSent: boolean): void {
  if (domain.length > MAX_DOMAIN_LENGTH) {
    const excess = tooMany(domain.length - MAX_DOMAIN_LENGTH, isAsSent ? 'character' : 'byte');
    const when = isAsSent ? '' : ' after IDNA encoding';
    throw new EmailProblem(`The email address is too long after the @-sign ${excess.replace(/\)$/, `${when})`)}.`);
  }
  for (const { length } of domain.split('.')) {
    if (length <= MAX_LABEL_LENGTH) continue;
    const excess = tooMany(length - MAX_LABEL_LENGTH);
    throw new EmailProblem(`After the @-sign, periods cannot be separated by so many characters ${excess}.`);
  }
  if (!domain.includes('.')) {
    throw new EmailProblem('The part after the @-sign is not valid. It should have a period.');
  }
  if (!/[A-Za-z]$/.test(domain)) {
    throw new EmailProblem('The part after the @-sign is not valid. It is not within a valid top-level domain.');
  }
  if (SPECIAL_USE_NAMES.some((name) => domain.endsWith(`.${name}`))) {
    throw new EmailProblem(
      'The part after the @-sign is a special-use or reserved name that cannot be used with email.',
    );
  }
}

function inIdna(read: () => string, problem: string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof IdnaError)) throw error;
    throw new EmailProblem(`The part after the @-sign ${problem} (${error.message}).`);
  }
}
