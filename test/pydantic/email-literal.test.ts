import { describe, expect, it } from 'vitest';
import { refuseLiteral } from '../../src/pydantic/email-literal.ts';

const NOT_ALLOWED = 'A bracketed IP address after the @-sign is not allowed here.';

describe('an address in brackets', () => {
  // Observed with CPython 3.11.
  it.each<[literal: string, problem?: string]>([
    ['IPv6:', 'Address cannot be empty'],
    ['IPv6:::'],
    ['IPv6:::1'],
    ['IPv6:1::'],
    ['IPv6:1:2:3:4:5:6:7:8'],
    ['IPv6:1:2:3:4:5:6:7', "Exactly 8 parts expected without '::' in '1:2:3:4:5:6:7'"],
    ['IPv6:1:2:3:4:5:6:7:8:9', "Exactly 8 parts expected without '::' in '1:2:3:4:5:6:7:8:9'"],
    ['IPv6:1:2:3:4:5:6:7:8:9:a', "At most 8 colons permitted in '1:2:3:4:5:6:7:8:9:a'"],
    ['IPv6:1::2::3', "At most one '::' permitted in '1::2::3'"],
    ['IPv6::1:2:3:4:5:6:7', "Leading ':' only permitted as part of '::' in ':1:2:3:4:5:6:7'"],
    ['IPv6:1:2:3:4:5:6:7:', "Trailing ':' only permitted as part of '::' in '1:2:3:4:5:6:7:'"],
    ['IPv6:1:2:3:4:5:6:7::'],
    ['IPv6:::2:3:4:5:6:7:8'],
    ['IPv6:1:2:3:4::5:6:7:8', "Expected at most 7 other parts with '::' in '1:2:3:4::5:6:7:8'"],
    ['IPv6:::ffff:1.2.3.4'],
    ['IPv6:::1.2.3', "Expected 4 octets in '1.2.3' in '::1.2.3'"],
    ['IPv6:1:2', "At least 3 parts expected in '1:2'"],
    ['IPv6:::12345', "At most 4 characters permitted in '12345' in '::12345'"],
    ['IPv6:::ffff'],
    ['IPv6:::g', "Only hex digits permitted in 'g' in '::g'"],
    ['IPv6:fe80::1%eth0'],
    ['IPv6:fe80::1%', `Invalid IPv6 address: "'fe80::1%'"`],
    ['IPv6:::1%a%b', `Invalid IPv6 address: "'::1%a%b'"`],
    ['IPv6:%a', 'Address cannot be empty'],
    ['IPv6:::1/64', "Unexpected '/' in '::1/64'"],
    ['IPv6:1.2.3.4', "At least 3 parts expected in '1.2.3.4'"],
    ['IPv6:1:2:3:4:5:6:1.2.3.4'],
    ['IPv6::2:3::5', "Leading ':' only permitted as part of '::' in ':2:3::5'"],
    ['IPv6:2:3::5:', "Trailing ':' only permitted as part of '::' in '2:3::5:'"],
  ])('%s: what is wrong with it as IPv6 comes first, as `ipaddress` says it', (literal, problem) => {
    const invalid = `The IPv6 address in brackets after the @-sign is not valid (${problem}).`;
    expect(() => refuseLiteral(literal)).toThrow(new Error(problem === undefined ? NOT_ALLOWED : invalid));
  });

  it.each<[literal: string, problem?: string]>([
    ['1.2.3', "Expected 4 octets in '1.2.3'"],
    ['1.2.3.4.5', "Expected 4 octets in '1.2.3.4.5'"],
    ['1..3.4', "Empty octet not permitted in '1..3.4'"],
    ['01.2.3.4', "Leading zeros are not permitted in '01' in '01.2.3.4'"],
    ['0.0.0.0'],
    ['255.255.255.255'],
    ['256.1.1.1', "Octet 256 (> 255) not permitted in '256.1.1.1'"],
    ['1.2.3.1000', "At most 3 characters permitted in '1000' in '1.2.3.1000'"],
    ['1.2.3.0'],
  ])('%s: what is wrong with it as IPv4 comes first', (literal, problem) => {
    const invalid = `The address in brackets after the @-sign is not valid: It is not an IPv4 address (${problem}) or is missing an address literal tag.`;
    expect(() => refuseLiteral(literal)).toThrow(new Error(problem === undefined ? NOT_ALLOWED : invalid));
  });

  it.each([
    ['x', 'The part after the @-sign in brackets is not an IPv4 address and has no address literal tag.'],
    ['x:!', 'The part after the @-sign contains an invalid address literal tag in brackets.'],
    ['x:ú', 'The part after the @-sign contains an invalid address literal tag in brackets.'],
    ['x: ', 'The part after the @-sign contains invalid characters in brackets: SPACE.'],
    ['x:û', "The part after the @-sign contains invalid characters in brackets: 'û'."],
  ])('%s: one with another tag, or none, is refused for that', (literal, reason) => {
    expect(() => refuseLiteral(literal)).toThrow(new Error(reason));
  });
});
