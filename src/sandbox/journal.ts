import { toTimestamp } from '../domain/clock.ts';
import type { Change } from '../domain/organization.ts';
import type { RateLimitCategory } from '../domain/rate-limits.ts';
import { maskKey, redactKeys } from '../domain/redact.ts';
import { copyText } from '../domain/text.ts';

/** What is kept of a body (bytes) and of an answer (characters). */
const MAX_TEXT_LENGTH = 64 * 1024;
/** Bytes of all entries together. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What is dropped at once where there is too much. */
const SPARE_BYTES = 64 * 1024;
/** What an entry takes beside its texts. */
const ENTRY_BYTES = 1024;

/**
 * What is kept of a request and of what became of it. Keys in it are masked when it is shown. It is as flat as can be: what a
 * thousand entries hold has to be moved by every collection of garbage.
 */
export class JournalEntry {
  request_id: string;
  readonly method: string;
  readonly url: string;
  /** 0 until its answer is decided. */
  seq = 0;
  /** Milliseconds since 1970, by the clock of the sandbox. */
  received_at = 0;
  /** Names and values in turn, a line each. */
  headers = '';
  /** A character for each byte; undefined where there was none, or the request was refused before it was read. */
  body: string | undefined = undefined;
  /** Null for a body that was not read. */
  body_bytes: number | null = 0;
  api_key_id: string | undefined = undefined;
  organization_id: string | undefined = undefined;
  /** Null while it is open, and for one that never got an answer. */
  status: number | null = null;
  answer: string | undefined = undefined;
  /** Real milliseconds until the end; undefined while it is open. */
  ms: number | undefined = undefined;
  /** The bucket that was charged, its limit and what was left; undefined where none was. */
  category: RateLimitCategory | undefined = undefined;
  limit = 0;
  remaining = 0;
  /** What the request changed; undefined where it was none that could. */
  changes: Change[] | undefined = undefined;
  /** What it counts for in the bound of all entries, in bytes. */
  size = 0;

  constructor(request_id: string, method: string, url: string) {
    this.request_id = request_id;
    this.method = method;
    this.url = url;
  }
}

export const toKeptBody = (bytes: Buffer): string => bytes.toString('latin1', 0, MAX_TEXT_LENGTH);

export const toKeptAnswer = (text: string): string =>
  text.length <= MAX_TEXT_LENGTH ? text : copyText(text, MAX_TEXT_LENGTH);

/** The bound of all journals together, in bytes: the one that holds most loses its oldest entries. */
export class JournalBudget {
  private readonly journals = new Set<Journal>();
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.maxBytes = maxBytes;
  }

  /** A journal holds so many bytes more, or less. */
  count(journal: Journal, bytes: number): void {
    this.bytes += bytes;
    if (journal.bytes === 0) this.journals.delete(journal);
    else this.journals.add(journal);
  }

  /** Makes all of them fit. Looking for the largest of many takes its time: it then loses more than it would have to. */
  enforce(): void {
    if (this.bytes <= this.maxBytes) return;
    const wanted = this.maxBytes - (this.journals.size > 1 ? SPARE_BYTES : 0);
    while (this.bytes > wanted) this.findLargest()?.drop(this.bytes - wanted);
  }

  private findLargest(): Journal | undefined {
    let largest: Journal | undefined;
    for (const journal of this.journals) if (journal.bytes > (largest?.bytes ?? 0)) largest = journal;
    return largest;
  }
}

/** The requests of a sandbox, the newest ones: bounded in number and in bytes, oldest dropped first and counted. */
export class Journal {
  private readonly size: number;
  private readonly budget: JournalBudget;
  /** By their `seq`, from `head` on; dropped entries are removed from the front only now and then. */
  private entries: (JournalEntry | undefined)[] = [];
  private head = 0;
  /** Begun, and not yet ended. */
  private readonly open = new Set<JournalEntry>();
  /** Of all entries that have ended. */
  bytes = 0;
  /** The last `seq` that was given. */
  lastSeq: number;
  /** Entries that are no longer kept. */
  dropped = 0;

  /**
   * @param size entries that are kept; 0 keeps none
   * @param lastSeq the `seq` after which it goes on
   */
  constructor(size: number, budget: JournalBudget, lastSeq = 0) {
    this.size = size;
    this.budget = budget;
    this.lastSeq = lastSeq;
  }

  get isOff(): boolean {
    return this.size === 0;
  }

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.open.size === 0;
  }

  /** The entry that ended last. */
  get newest(): JournalEntry | undefined {
    return this.entries.at(-1);
  }

  begin(entry: JournalEntry): void {
    this.open.add(entry);
  }

  /** Its answer is decided: it has its place among the others. */
  number(entry: JournalEntry): void {
    this.lastSeq++;
    entry.seq = this.lastSeq;
  }

  /** It is over, here or in what was a sandbox of the same id. */
  leave(entry: JournalEntry): void {
    this.open.delete(entry);
  }

  /** Keeps an entry that has ended. */
  file(entry: JournalEntry): void {
    if (entry.seq === 0) this.number(entry);
    // Those that were decided later may have ended before.
    let place = this.entries.length;
    while (place > this.head && (this.entries[place - 1]?.seq ?? 0) > entry.seq) place--;
    if (place === this.entries.length) this.entries.push(entry);
    else this.entries.splice(place, 0, entry);
    this.count(entry);
  }

  /** The entry has other texts than before: from now on they count. */
  count(entry: JournalEntry): void {
    // An entry that was dropped or deleted in the meantime takes nothing any more.
    if ((this.entries[this.head]?.seq ?? Number.POSITIVE_INFINITY) > entry.seq) return;
    const before = this.bytes - entry.size;
    entry.size = countBytes(entry);
    this.change(before + entry.size);
    if (this.entries.length - this.head > this.size) this.dropOldest();
    this.budget.enforce();
  }

  /** All entries by their `seq`, and behind them those whose answer is not decided. */
  list(): readonly JournalEntry[] {
    const ended = this.entries.slice(this.head).filter((entry) => entry !== undefined);
    if (this.open.size === 0) return ended;
    const order = ({ seq }: JournalEntry) => seq || Number.POSITIVE_INFINITY;
    return [...ended, ...this.open].sort((a, b) => Math.sign(order(a) - order(b)) || 0);
  }

  /** Forgets what has ended. */
  clear(): number {
    const count = this.entries.length - this.head;
    this.entries = [];
    this.head = 0;
    this.dropped = 0;
    this.change(0);
    return count;
  }

  /** Drops the oldest entries until so many bytes are free, or none is left. */
  drop(bytes: number): void {
    const wanted = Math.max(0, this.bytes - bytes);
    while (this.bytes > wanted) this.dropOldest();
  }

  private dropOldest(): void {
    const dropped = this.entries[this.head];
    this.entries[this.head] = undefined;
    this.head++;
    this.dropped++;
    this.change(this.bytes - (dropped?.size ?? 0));
    const kept = this.entries.length - this.head;
    if (this.head < Math.max(kept, CUT_AT)) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }

  private change(bytes: number): void {
    const difference = bytes - this.bytes;
    this.bytes = bytes;
    this.budget.count(this, difference);
  }
}

/** What is sent is of one byte a character, what was read of a body may be of two. */
function countBytes({ url, headers, body = '', answer = '', changes = [] }: JournalEntry): number {
  let characters = answer.length;
  for (const { before, after } of changes) characters += before.length + after.length;
  return ENTRY_BYTES + url.length + headers.length + body.length + 2 * characters;
}

/** Empty places that are worth removing from the front. */
const CUT_AT = 64;

/** The entry as JSON text, keys in it masked wherever they are. */
export function toEntryJson(entry: JournalEntry): string {
  return redactKeys(`${JSON.stringify(toMembers(entry)).slice(0, -1)},"changes":${toChangesJson(entry.changes)}}`);
}

/** What the text of {@link toEntryJson} says. */
export type EntryModel = ReturnType<typeof toMembers> & {
  changes: { member: Change['member']; before: unknown; after: unknown }[] | null;
};

function toMembers(entry: JournalEntry) {
  const { seq, request_id, method, url, status, body, body_bytes, ms, category, limit, remaining } = entry;
  const [path = ''] = url.split('?', 1);
  return {
    seq: seq || null,
    request_id,
    received_at: toTimestamp(entry.received_at),
    method,
    path,
    query: maskQuery(url.slice(path.length + 1)),
    headers: toHeaders(entry.headers),
    body: body === undefined ? null : Buffer.from(body, 'latin1').toString('utf8'),
    body_bytes,
    api_key_id: entry.api_key_id ?? null,
    organization_id: entry.organization_id ?? null,
    status,
    outcome: toOutcome(entry),
    answer: status === null ? null : (entry.answer ?? null),
    ms: ms === undefined ? null : Math.round(ms * 100) / 100,
    bucket: category === undefined ? null : { category, limit, remaining },
  };
}

const toOutcome = ({ ms, status }: JournalEntry): 'open' | 'answered' | 'cut' => {
  if (ms === undefined) return 'open';
  return status === null ? 'cut' : 'answered';
};

/** Headers and parameters of a query whose value is a secret, whatever its shape. */
const SECRET_NAME =
  /(?:authorization|cookie|api[-_]?key|(?:^|x|id|api|auth|access|bearer|private|refresh|session|control)[-_]?token|secret|password)$/i;
const SCHEME = /^(?:(basic|bearer|digest|dpop|negotiate|ntlm|oauth|token|apikey)[ \t]+)?(.*)$/is;

/** Of what is not a key only a well-known scheme is shown: `Basic` has a key in base64, say. */
function maskCredentials(sent: string): string {
  const [, scheme = '', credentials = ''] = SCHEME.exec(sent) ?? [];
  return `${scheme} ${maskKey(credentials.trim())}`.trim();
}

/** The query with the values of its secrets masked. */
function maskQuery(query: string): string {
  if (query === '') return query;
  const parameters = query.split('&').map((parameter) => {
    const [name = ''] = parameter.split('=', 1);
    return SECRET_NAME.test(decodeName(name)) && name !== parameter
      ? `${name}=${maskKey(parameter.slice(name.length + 1))}`
      : parameter;
  });
  return parameters.join('&');
}

/** The name of a parameter as a server reads it; one that cannot be decoded is left as it was sent. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Values of a name that was sent more than once are joined, as HTTP allows. */
function toHeaders(lines: string): Record<string, string> {
  const headers = new Map<string, string>();
  const parts = lines.split('\n');
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [name = '', sent = ''] = [parts[index]?.toLowerCase(), parts[index + 1]];
    const value = SECRET_NAME.test(name) ? maskCredentials(sent) : sent;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

function toChangesJson(changes: Change[] | undefined): string {
  if (changes === undefined) return 'null';
  const rows = changes.map(({ member, before, after }) => `{"member":"${member}","before":${before},"after":${after}}`);
  return `[${rows.join(',')}]`;
}
