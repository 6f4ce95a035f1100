import { describe, expect, it } from 'vitest';
import { toALabel } from '../../src/pydantic/idna.ts';

describe('a label with letters from right to left (RFC 5893, section 2)', () => {
  it.each([
    ['\u05d1', 'xn--5db'],
    ['\u05d1\u05d21', 'xn--1-1hcd'],
    ['\u0627\u0662', 'xn--mgb2j'],
  ])('%j becomes %s', (label, alabel) => {
    expect(toALabel(label)).toBe(alabel);
  });

  it.each([
    ['1\u05d1', "First codepoint in label '1\u05d1' must be directionality L, R or AL"],
    ['\u05d1\u05d2a', 'Invalid direction for codepoint at position 3 in a right-to-left label'],
    ['a\u05d1', 'Invalid direction for codepoint at position 2 in a left-to-right label'],
    ['\u0627\u06621', 'Can not mix numeral types in a right-to-left label'],
  ])('%j is refused', (label, reason) => {
    expect(() => toALabel(label)).toThrow(reason);
  });

  it('is no matter for one without: digits may come first', () => {
    expect([toALabel('1a'), toALabel('1ü')]).toEqual(['1a', 'xn--1-eha']);
  });
});

it('a joiner stands only behind a virama (RFC 5892, appendix A.2)', () => {
  expect(toALabel('\u0915\u094d\u200d\u0937')).toBe('xn--11b2ezcw70k');
  expect(() => toALabel('a\u200db')).toThrow("Joiner U+200D not allowed at position 2 in 'a\\u200db'");
});
