/** What part of an operation something is about. */
export interface Part {
  /** `200`, `request body`, `query parameter expand`; null for the operation itself. */
  name: string | null;
  side: 'operation' | 'parameter' | 'request' | 'response';
}

/** A difference between what was published and what is, at one place. */
export interface Difference {
  path: string;
  method: string;
  part: Part;
  /** The member, from the part on. */
  member: string;
  /** The published component that has it, and the member from there on. */
  home: { component: string; member: string } | undefined;
  kind: 'added' | 'removed' | 'changed';
  /** What differs: `member`, `default`, `type`; empty for what the values say themselves. */
  subject: string;
  /** Of what there are several. */
  name?: string;
  /** In words. */
  before?: string;
  now?: string;
  effect: Effect;
}

/** What a difference does to a value that was right, or to what a client sends and gets. */
export type Effect =
  | 'added member'
  | 'removed member'
  | 'required member'
  | 'optional member'
  /** More is allowed. */
  | 'wider'
  /** Less is allowed. */
  | 'narrower'
  /** Something else is allowed. */
  | 'other'
  | 'default'
  /** A parameter, a status, a header, a body or an operation. */
  | 'added'
  | 'removed'
  | 'bearer token'
  /** Nobody sees it in what is sent. */
  | 'invisible';
