import { domainToASCII, domainToUnicode } from 'node:url';

/** The normalized address, or why it is none. */
export type EmailVerdict = { address: string } | { reason: string };

/** Special-use names (RFC 6761 and its kin) that cannot receive mail; `.example` and `.internal` are not among them. */
const SPECIAL_USE_NAMES = ['arpa', 'invalid', 'local', 'localhost', 'onion', 'test'];

const DISPLAY_NAME = /^\s*(?:(?:[\w!#$%&'*+\-/=?^`{|}~]+\s+)*[\w!#$%&'*+\-/=?^`{|}~]+|"[^"]+")?\s*<(.+)>\s*$/;
const DOT_ATOM = /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+)*$/u;
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const MAX_LENGTH = 254;
const MAX_DOMAIN_LENGTH = 253;

/** Whether pydantic's EmailStr would take the address, and as what it would be kept. No DNS is asked. */
export function validateEmail(text: string): EmailVerdict {
  const address = (DISPLAY_NAME.exec(text)?.[1] ?? text).trim();
  const at = address.indexOf('@');
  if (at === -1) return { reason: 'An email address must have an @-sign.' };
  const local = address.slice(0, at).normalize('NFC');
  const domain = domainToASCII(address.slice(at + 1));
  if (!DOT_ATOM.test(local) || /[\p{C}\p{Z}]/u.test(local)) {
    return { reason: 'The part before the @-sign is not valid.' };
  }
  if (domain.length > MAX_DOMAIN_LENGTH || !domain.split('.').every((label) => HOST_LABEL.test(label))) {
    return { reason: 'The part after the @-sign is not valid.' };
  }
  if (!domain.includes('.')) return { reason: 'The part after the @-sign is not valid. It should have a period.' };
  if (!/[a-z]$/i.test(domain)) {
    return { reason: 'The part after the @-sign is not valid. It is not within a valid top-level domain.' };
  }
  if (SPECIAL_USE_NAMES.some((name) => domain.endsWith(`.${name}`))) {
    return {
      reason: 'The part after the @-sign is a special-use or reserved name that cannot be used with email.',
    };
  }
  const normalized = `${local}@${domainToUnicode(domain)}`;
  if (Buffer.byteLength(normalized) > MAX_LENGTH) return { reason: 'The email address is too long.' };
  return { address: normalized };
}
