import { createRequire } from 'node:module';
import type tr46 from 'tr46';
import type regexes from 'tr46/lib/regexes.js';
import { once } from '../domain/once.ts';

interface Tables {
  tr46: typeof tr46;
  regexes: typeof regexes;
}

const require = createRequire(import.meta.url);

/** Loaded on first use: most servers never see a domain beyond ASCII. */
export const loadTables = (): Tables => require('./idna-tables.cjs');

/**
 * Code points by IDNA 2008 (RFC 5892) and its compatibility mapping (UTS 46). tr46 has the mapping; which code points are
 * valid follows from it and from Unicode's properties.
 */

const OPTIONS = { checkBidi: false, checkHyphens: false, checkJoiners: false, useSTD3ASCIIRules: false };

/** The UTS 46 mapping of a code point (nontransitional, without STD3), or undefined if it is not allowed. */
export function mapCodePoint(char: string): string | undefined {
  // Between letters, because a combining mark cannot be the first character.
  const { toUnicode } = loadTables().tr46;
  if (toUnicode(`a${char}b`, OPTIONS).error) return undefined;
  return toUnicode(char, OPTIONS).domain;
}

// On first use: an expression builds its classes of Unicode as soon as it is there, all of these 3 % of a start.
// The categories of RFC 5892, section 2, beginning with 2.6 (exceptions).
const EXCEPTIONS_VALID = once(() => /^[\u{df}\u{3c2}\u{6fd}\u{6fe}\u{f0b}\u{3007}]$/u);
const EXCEPTIONS_DISALLOWED = once(() => /^[\u{640}\u{7fa}\u{302e}\u{302f}\u{3031}-\u{3035}\u{303b}]$/u);
const LETTER_OR_DIGIT = once(() => /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u);
const IGNORABLE = once(() => /^[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Noncharacter_Code_Point}]$/u);
const IGNORABLE_BLOCK = once(() => /^[\u{20d0}-\u{20ff}\u{1d100}-\u{1d1ff}\u{1d200}-\u{1d24f}]$/u);
const OLD_HANGUL_JAMO = once(() => /^[\u{1100}-\u{11ff}\u{a960}-\u{a97c}\u{d7b0}-\u{d7c6}\u{d7cb}-\u{d7fb}]$/u);

/** Whether the code point is PVALID: allowed anywhere in a label, without a rule for its context. */
export function isValidAnywhere(char: string): boolean {
  if (/^[a-z0-9-]$/.test(char) || EXCEPTIONS_VALID().test(char)) return true;
  if (EXCEPTIONS_DISALLOWED().test(char) || CONTEXTO().test(char) || !LETTER_OR_DIGIT().test(char)) return false;
  if (IGNORABLE().test(char) || IGNORABLE_BLOCK().test(char) || OLD_HANGUL_JAMO().test(char)) return false;
  return mapCodePoint(char) === char;
}

export const CONTEXTJ = once(() => /^[\u{200c}\u{200d}]$/u);
export const CONTEXTO = once(() => /^[\u{b7}\u{375}\u{5f3}\u{5f4}\u{30fb}\u{660}-\u{669}\u{6f0}-\u{6f9}]$/u);

/** What the rules of CONTEXTO code points need to know of the label as a whole. */
export interface LabelContext {
  isJapanese: boolean;
  hasArabicDigit: boolean;
  hasExtendedArabicDigit: boolean;
}

const JAPANESE = once(() => /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u);

export function readContext(label: string): LabelContext {
  return {
    isJapanese: JAPANESE().test(label.replaceAll('\u{30fb}', '')),
    hasArabicDigit: /[\u{660}-\u{669}]/u.test(label),
    hasExtendedArabicDigit: /[\u{6f0}-\u{6f9}]/u.test(label),
  };
}

/** Whether the rule of the CONTEXTO code point at `at` holds (RFC 5892, appendix A.3 to A.9). */
export function isInItsContext(label: readonly string[], at: number, context: LabelContext): boolean {
  const [before, char, after] = [label[at - 1], label[at] ?? '', label[at + 1]];
  if (char === '\u{b7}') return before === 'l' && after === 'l';
  if (char === '\u{375}') return after !== undefined && /^\p{Script=Greek}$/u.test(after);
  if (char === '\u{5f3}' || char === '\u{5f4}') return before !== undefined && /^\p{Script=Hebrew}$/u.test(before);
  if (char === '\u{30fb}') return context.isJapanese;
  // Arabic-Indic digits and extended ones must not be mixed.
  return !(context.hasArabicDigit && context.hasExtendedArabicDigit);
}
