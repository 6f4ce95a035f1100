import { toRepr } from './code-points.ts';
import { EmailProblem, refuseChars } from './email-problem.ts';

/**
 * Refuses an address in brackets behind the @-sign. Even a valid one is not allowed; the reason for an invalid one is in
 * the words of Python's `ipaddress` (observed with CPython 3.11).
 */
export function refuseLiteral(literal: string): never {
  if (/^[0-9.]+$/.test(literal)) {
    const problem = findIpv4Problem(literal);
    if (problem !== undefined) {
      throw new EmailProblem(
        `The address in brackets after the @-sign is not valid: It is not an IPv4 address (${problem}) or is missing an address literal tag.`,
      );
    }
  } else if (literal.startsWith('IPv6:')) {
    const problem = findIpv6Problem(literal.slice('IPv6:'.length));
    if (problem !== undefined) {
      throw new EmailProblem(`The IPv6 address in brackets after the @-sign is not valid (${problem}).`);
    }
  } else {
    refuseTag(literal);
  }
  throw new EmailProblem('A bracketed IP address after the @-sign is not allowed here.');
}

function refuseTag(literal: string): never {
  if (!literal.includes(':')) {
    throw new EmailProblem(
      'The part after the @-sign in brackets is not an IPv4 address and has no address literal tag.',
    );
  }
  refuseChars(literal, /[^!-\u00fa]/gu, 'The part after the @-sign contains invalid characters in brackets');
  throw new EmailProblem('The part after the @-sign contains an invalid address literal tag in brackets.');
}

function findIpv4Problem(address: string): string | undefined {
  if (address === '') return 'Address cannot be empty';
  if (address.includes('/')) return `Unexpected '/' in ${toRepr(address)}`;
  const octets = address.split('.');
  if (octets.length !== 4) return `Expected 4 octets in ${toRepr(address)}`;
  const problem = octets.map(findOctetProblem).find((found) => found !== undefined);
  return problem && `${problem} in ${toRepr(address)}`;
}

function findOctetProblem(octet: string): string | undefined {
  if (octet === '') return 'Empty octet not permitted';
  if (!/^[0-9]+$/.test(octet)) return `Only decimal digits permitted in ${toRepr(octet)}`;
  if (octet.length > 3) return `At most 3 characters permitted in ${toRepr(octet)}`;
  if (octet !== '0' && octet.startsWith('0')) return `Leading zeros are not permitted in ${toRepr(octet)}`;
  return Number(octet) > 255 ? `Octet ${Number(octet)} (> 255) not permitted` : undefined;
}

const HEXTETS = 8;

function findIpv6Problem(address: string): string | undefined {
  if (address.includes('/')) return `Unexpected '/' in ${toRepr(address)}`;
  const [plain = '', scope, ...more] = address.split('%');
  if (scope === '' || more.length > 0) return `Invalid IPv6 address: "${toRepr(address)}"`;
  if (plain === '') return 'Address cannot be empty';
  const shown = toRepr(plain);
  const parts = plain.split(':');
  if (parts.length < 3) return `At least 3 parts expected in ${shown}`;
  const last = parts.at(-1) ?? '';
  if (last.includes('.')) {
    const problem = findIpv4Problem(last);
    if (problem !== undefined) return `${problem} in ${shown}`;
    parts.splice(-1, 1, '0', '0');
  }
  return findPartsProblem(parts, shown);
}

function findPartsProblem(parts: string[], shown: string): string | undefined {
  if (parts.length > HEXTETS + 1) return `At most ${HEXTETS} colons permitted in ${shown}`;
  const gaps = parts.flatMap((part, index) => (part === '' && index > 0 && index < parts.length - 1 ? [index] : []));
  const [gap] = gaps;
  if (gaps.length > 1) return `At most one '::' permitted in ${shown}`;
  if (gap === undefined && parts.length !== HEXTETS) {
    return `Exactly ${HEXTETS} parts expected without '::' in ${shown}`;
  }
  if (parts[0] === '' && gap !== 1) return `Leading ':' only permitted as part of '::' in ${shown}`;
  if (parts.at(-1) === '' && gap !== parts.length - 2) return `Trailing ':' only permitted as part of '::' in ${shown}`;
  const hextets = parts.filter((part) => part !== '');
  if (gap !== undefined && hextets.length >= HEXTETS) {
    return `Expected at most ${HEXTETS - 1} other parts with '::' in ${shown}`;
  }
  const problem = hextets.map(findHextetProblem).find((found) => found !== undefined);
  return problem && `${problem} in ${shown}`;
}

function findHextetProblem(hextet: string): string | undefined {
  if (!/^[0-9A-Fa-f]+$/.test(hextet)) return `Only hex digits permitted in ${toRepr(hextet)}`;
  return hextet.length > 4 ? `At most 4 characters permitted in ${toRepr(hextet)}` : undefined;
}
