import leven from 'leven';

/** Letters that a typo changes at most; in a short name fewer, since `dir` is not a typo of `db`. */
const MAX_DISTANCE = 3;
/** A name that is longer than every known one by this much is near to none: comparing takes time by the product. */
const MAX_LENGTH = 60;

/** `organizationName`, `Organization-Name` and `organization_name` are one name to whoever types it. */
const fold = (name: string) => name.toLowerCase().replace(/[_\s-]/g, '');

/** The known name that a typo of it was probably meant to be, if any. */
export function findNearestName(given: string, known: readonly string[]): string | undefined {
  if (given.length > MAX_LENGTH) return undefined;
  const folded = fold(given);
  const limit = Math.min(MAX_DISTANCE, Math.ceil(folded.length / 3));
  let nearest: string | undefined;
  let least = limit + 1;
  for (const name of known) {
    const distance = countTypos(folded, fold(name));
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}

/** Letters in another order, as in `prot` for `port`, are one typo. */
function countTypos(given: string, known: string): number {
  const typos = leven(given, known);
  return typos > 1 && sortLetters(given) === sortLetters(known) ? 1 : typos;
}
const sortLetters = (text: string) => [...text].sort().join('');
