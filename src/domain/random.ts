import { createHash, randomBytes } from 'node:crypto';

/** Gives bytes that nobody can foresee, or with a seed always the same ones. */
export type Random = (length: number) => Buffer;

/**
 * @param seed undefined for real chance
 * @param stream those of different names have nothing in common
 */
export function buildRandom(seed: number | undefined, stream: string): Random {
  if (seed === undefined) return randomBytes;
  let count = 0;
  return (length) => {
    const drawn: Buffer[] = [];
    for (let missing = length; missing > 0; missing -= BLOCK) {
      drawn.push(createHash('sha256').update(`${seed} ${count} ${stream}`).digest());
      count++;
    }
    return Buffer.concat(drawn, length);
  };
}
/** Bytes of a SHA-256. */
const BLOCK = 32;

/** `org_`, `sbx_`, `req_` or `flt_`, and 24 hex digits. */
export const drawId = (random: Random, kind: 'org' | 'sbx' | 'req' | 'flt'): string =>
  `${kind}_${random(12).toString('hex')}`;

/** A new API key, of 32 characters behind its prefix. */
export const drawApiKey = (random: Random, type: 'live' | 'test' = 'test'): string =>
  `sk_${type}_${random(24).toString('base64url')}`;

/** A number from 0 up to 1, which it never is. */
export const drawFraction = (random: Random): number => random(6).readUIntBE(0, 6) / 2 ** 48;
