import { expect, it } from 'vitest';
import { validateEmail } from '../../src/pydantic/email.ts';

// A name is looked at only where the part in brackets has a line break, or it is all taken for the address.
it.each([
  ['"x\x7f" <a\n@b.com>', 'U+007F'],
  ['"x\u200b" <a\n@b.com>', 'ZERO WIDTH SPACE'],
])('%j has an unsafe character in its name', (address, shown) => {
  expect(validateEmail(address)).toEqual({ reason: `The email address contains unsafe characters: ${shown}.` });
});

it('a name may have spaces', () => {
  expect(validateEmail('"Joe X" <a@b.com\n>')).toEqual({ reason: expect.stringContaining('invalid characters') });
});
