import punycode from 'punycode/punycode.js';
import { toRepr } from './code-points.ts';
import {
  CONTEXTJ,
  CONTEXTO,
  isInItsContext,
  isValidAnywhere,
  loadTables,
  mapCodePoint,
  readContext,
} from './idna-code-points.ts';

/**
 * Why a domain is not valid by IDNA 2008, in the words of Python's package idna (observed with 3.20), which email-validator
 * passes on. The checks below have its order.
 */
export class IdnaError extends Error {}

const ALABEL_PREFIX = 'xn--';
const MAX_LABEL_LENGTH = 63;
/** The most characters of a domain, and of a label, that are checked any further. */
const MAX_INPUT_LENGTH = 1024;
const MAX_CHECKED_LENGTH = 254;

/** The domain with UTS 46's compatibility mapping and NFC: case and width folded, all kinds of dots replaced by periods. */
export function mapDomain(domain: string): string {
  const chars = [...domain];
  if (chars.length > MAX_INPUT_LENGTH) throw new IdnaError('Domain too long');
  // In ASCII, mapping changes the letter case only.
  if (isAscii(domain)) return domain.toLowerCase();
  const known = new Map<string, string | undefined>();
  const mapped = chars.map((char, index) => {
    if (!known.has(char)) known.set(char, mapCodePoint(char));
    const text = known.get(char);
    if (text === undefined) {
      throw new IdnaError(`Codepoint ${toNumber(char)} not allowed at position ${index + 1} in ${toRepr(domain)}`);
    }
    return text;
  });
  return mapped.join('').normalize('NFC');
}

/** The label as DNS has it: `bücher` becomes `xn--bcher-kva`. */
export function toALabel(label: string): string {
  if (isAscii(label)) toULabel(label);
  else checkLabel(label);
  const alabel = isAscii(label) ? label : ALABEL_PREFIX + punycode.encode(label);
  if (alabel.length > MAX_LABEL_LENGTH) throw new IdnaError('Label too long');
  return alabel;
}

/** The label in Unicode: `xn--bcher-kva` becomes `bücher`. */
export function toULabel(alabel: string): string {
  const label = alabel.toLowerCase();
  if (!label.startsWith(ALABEL_PREFIX)) {
    checkLabel(label);
    return label;
  }
  const encoded = label.slice(ALABEL_PREFIX.length);
  if (encoded === '') throw new IdnaError('Malformed A-label, no Punycode eligible content found');
  if (encoded.endsWith('-')) throw new IdnaError('A-label must not end with a hyphen');
  const decoded = decode(encoded);
  if (punycode.encode(decoded) !== encoded) {
    throw new IdnaError('A-label is not the canonical Punycode encoding of its U-label');
  }
  checkLabel(decoded);
  return decoded;
}

function decode(encoded: string): string {
  try {
    // Python accepts a delimiter with nothing before it, punycode.js does not.
    return punycode.decode(encoded.lastIndexOf('-') === 0 ? encoded.slice(1) : encoded);
  } catch {
    throw new IdnaError('Invalid A-label');
  }
}

function checkLabel(label: string): void {
  const chars = [...label];
  if (chars.length === 0) throw new IdnaError('Empty Label');
  if (chars.length > MAX_CHECKED_LENGTH) throw new IdnaError('Label too long');
  if (label.normalize('NFC') !== label) throw new IdnaError('Label must be in Normalization Form C');
  if (chars[2] === '-' && chars[3] === '-') {
    throw new IdnaError('Label has disallowed hyphens in 3rd and 4th position');
  }
  if (label.startsWith('-') || label.endsWith('-')) throw new IdnaError('Label must not start or end with a hyphen');
  // Of what follows, nothing refuses these.
  if (/^[a-z0-9-]*$/.test(label)) return;
  if (/^\p{M}/u.test(label)) throw new IdnaError('Label begins with an illegal combining character');
  const context = readContext(label);
  const valid = new Set<string>();
  for (const [index, char] of chars.entries()) {
    if (valid.has(char)) continue;
    if (CONTEXTJ().test(char)) {
      if (!isJoining(chars, index))
        throw new IdnaError(`Joiner ${toNumber(char)} not allowed at ${toPlace(label, index)}`);
    } else if (CONTEXTO().test(char)) {
      if (!isInItsContext(chars, index, context)) {
        throw new IdnaError(`Codepoint ${toNumber(char)} not allowed at ${toPlace(label, index)}`);
      }
    } else if (isValidAnywhere(char)) {
      valid.add(char);
    } else {
      throw new IdnaError(`Codepoint ${toNumber(char)} at position ${index + 1} of ${toRepr(label)} not allowed`);
    }
  }
  checkBidi(chars);
}

/** RFC 5892, appendix A.1 and A.2: joiners follow a virama; a non-joiner may also be between letters that would join. */
function isJoining(label: readonly string[], at: number): boolean {
  const before = label[at - 1];
  const { regexes } = loadTables();
  if (before !== undefined && regexes.combiningClassVirama.test(before)) return true;
  if (label[at] !== '\u200c') return false;
  const start = label.lastIndexOf('\u200c', at - 1);
  const next = label.indexOf('\u200c', at + 1);
  const around = label.slice(at === 0 ? 0 : start + 1, next === -1 ? undefined : next);
  return regexes.validZWNJ.test(around.join(''));
}

/** RFC 5893, section 2, for a label with a letter or number written from right to left. */
function checkBidi(label: readonly string[]): void {
  const text = label.join('');
  if (isAscii(text)) return;
  const { regexes } = loadTables();
  if (!regexes.bidiDomain.test(text)) return;
  const [first = ''] = label;
  const isRtl = regexes.bidiS1RTL.test(first);
  if (!isRtl && !regexes.bidiS1LTR.test(first)) {
    throw new IdnaError(`First codepoint in label ${toRepr(text)} must be directionality L, R or AL`);
  }
  const allowed = isRtl ? regexes.bidiS2 : regexes.bidiS5;
  let number: 'AN' | 'EN' | undefined;
  for (const [index, char] of label.entries()) {
    if (!allowed.test(char)) {
      const kind = isRtl ? 'right-to-left' : 'left-to-right';
      throw new IdnaError(`Invalid direction for codepoint at position ${index + 1} in a ${kind} label`);
    }
    const kind = regexes.bidiS4AN.test(char) ? 'AN' : regexes.bidiS4EN.test(char) ? 'EN' : undefined;
    if (isRtl && kind !== undefined && (number ?? kind) !== kind) {
      throw new IdnaError('Can not mix numeral types in a right-to-left label');
    }
    number ??= kind;
  }
  if (!(isRtl ? regexes.bidiS3 : regexes.bidiS6).test(text)) {
    throw new IdnaError('Label ends with illegal codepoint directionality');
  }
}

const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text);
const toPlace = (label: string, index: number) => `position ${index + 1} in ${toRepr(label)}`;
const toNumber = (char: string) => `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
