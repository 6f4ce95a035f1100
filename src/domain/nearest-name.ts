import leven from 'leven';

/** The most letters that a typo changes; fewer in a short name, since `dir` is not a typo of `db`. */
const MAX_DISTANCE = 3;
/** Longer names are not compared: the time grows with the product of both lengths. */
const MAX_LENGTH = 60;

/** `organizationName`, `Organization-Name` and `organization_name` are the same name to a person. */
const fold = (name: string) => name.toLowerCase().replace(/[_\s-]/g, '');

/** The known name that `given` is probably a typo of, if any. */
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

/** Letters in another order count as one typo, as in `prot` for `port`. */
function countTypos(given: string, known: string): number {
  const typos = leven(given, known);
  return typos > 1 && sortLetters(given) === sortLetters(known) ? 1 : typos;
}
const sortLetters = (text: string) => [...text].sort().join('');
