/** A problem of a seed, with the path of the member that has it. */
export interface SeedIssue {
  path: PropertyKey[];
  message: string;
}

export class SeedContentError extends Error {
  override name = 'SeedContentError';
  readonly issues: SeedIssue[];

  constructor(issues: SeedIssue[]) {
    super(issues.map(({ path, message }) => `${toMember(path)}: ${message}`).join('\n'));
    this.issues = issues;
  }
}

/** The path as a person would write it: `organizations[0].metadata`. */
export function toMember(path: PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return parts.join('').replace(/^\./, '') || 'the file';
}

/** A seed file that cannot be used. Each line of the message gives file, line, column and member. */
export class SeedFileError extends Error {
  override name = 'SeedFileError';
}

/** A problem of a text, with its place: from 1. */
export interface LocatedIssue {
  line: number;
  column: number;
  /** Undefined where the text cannot be read at all. */
  path: PropertyKey[] | undefined;
  message: string;
}

/** The text of a seed that cannot be used. The name of an unknown member may be an API key in the wrong place. */
export class LocatedSeedError extends Error {
  override name = 'LocatedSeedError';
  readonly issues: LocatedIssue[];
  /** Whether there are more than these. */
  readonly hasMore: boolean;

  constructor(issues: LocatedIssue[], hasMore = false) {
    super(issues.map(({ line, column, message }) => `line ${line}, column ${column}: ${message}`).join('\n'));
    this.issues = issues;
    this.hasMore = hasMore;
  }
}
