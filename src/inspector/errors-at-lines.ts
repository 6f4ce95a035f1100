import { type JsonLine, toItemPath, toMemberPath } from './json.ts';

/** An error as `detail` of a 422 has it. */
export interface PlacedError {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/**
 * Writes pydantic's errors to the lines of the body that was sent: each to that of its member, or of the nearest one around it
 * that is there. Line 0 is the whole body.
 * @returns the messages, by the index of their line
 */
export function placeErrors(lines: JsonLine[], errors: PlacedError[]): Map<number, string[]> {
  const lineOf = new Map<string, number>();
  for (const [index, { path, tokens }] of lines.entries()) {
    // Of duplicates the last one counts. The line that closes a value is not where it begins.
    if (!/^[}\]]/.test(tokens[0]?.text ?? '')) lineOf.set(path, index);
  }
  const placed = new Map<number, string[]>();
  for (const { loc, msg, type } of errors) {
    const [place, ...parts] = loc;
    if (place !== 'body') continue;
    const line = findLine(lineOf, parts);
    const last = parts.at(-1);
    const text = type === 'missing' && typeof last === 'string' ? `${last}: ${msg}` : msg;
    placed.set(line, [...(placed.get(line) ?? []), text]);
  }
  return placed;
}

/** Parts that name no member are left out: pydantic also says there which type of a union it tried. */
function findLine(lineOf: Map<string, number>, parts: (string | number)[]): number {
  let [path, line] = ['', 0];
  for (const part of parts) {
    const next = typeof part === 'number' ? toItemPath(path, part) : toMemberPath(path, part);
    const found = lineOf.get(next);
    // A member of a duplicate that does not count begins before the one that does.
    if (found !== undefined && found > line) [path, line] = [next, found];
  }
  return line;
}
