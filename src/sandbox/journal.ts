import { redactKeys } from '../domain/api-key.ts';
import { toTimestamp } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import type { RateLimitCategory, RateLimits } from '../domain/rate-limits.ts';

/** Bytes of a body or of an answer that are kept. */
const MAX_TEXT_BYTES = 64 * 1024;
/** Bytes of all entries together. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What an entry takes beside its texts. */
const ENTRY_BYTES = 1024;

/** What a request was and what became of it. Keys in it are cut when it is shown, not when it is noted. */
export interface JournalEntry {
  seq: number;
  request_id: string;
  /** Milliseconds since 1970, by the clock of the sandbox. */
  received_at: number;
  method: string;
  url: string;
  /** Names and values in turn, a line each: a thousand entries of one text are less to keep than of thirty. */
  headers: string;
  body: Buffer | undefined;
  body_bytes: number;
  api_key_id: string | undefined;
  organization_id: string | undefined;
  /** Null while it is open, and for one that never got an answer. */
  status: number | null;
  answer: string | undefined;
  /** Real milliseconds until the end. */
  ms: number | undefined;
  /** `cut`: the client, or the connection, was gone before the answer was out. */
  outcome: 'open' | 'answered' | 'cut';
  bucket: { category: RateLimitCategory; limit: number; remaining: number } | undefined;
  change: { before: Organization; after: Organization; limitsBefore: RateLimits; limitsAfter: RateLimits } | undefined;
}

/** The first bytes of what was sent, in memory of their own. */
export function cutBytes(bytes: Buffer): Buffer {
  return bytes.length <= MAX_TEXT_BYTES ? bytes : Buffer.from(bytes.subarray(0, MAX_TEXT_BYTES));
}

/** The requests of a sandbox, the newest ones: bounded in number and in bytes, oldest dropped first and counted. */
export class Journal {
  private readonly size: number;
  /** Oldest first, from `head` on; what is dropped is cut off the front only now and then. */
  private entries: (JournalEntry | undefined)[] = [];
  private head = 0;
  private bytes = 0;
  private lastSeq = 0;
  private droppedCount = 0;

  /** @param size entries that are kept; 0 keeps none */
  constructor(size: number) {
    this.size = size;
  }

  get isOff(): boolean {
    return this.size === 0;
  }

  get dropped(): number {
    return this.droppedCount;
  }

  open(entry: Pick<JournalEntry, 'request_id' | 'received_at' | 'method' | 'url' | 'headers'>): JournalEntry {
    this.lastSeq++;
    const opened: JournalEntry = {
      seq: this.lastSeq,
      request_id: entry.request_id,
      received_at: entry.received_at,
      method: entry.method,
      url: entry.url,
      headers: entry.headers,
      body: undefined,
      body_bytes: 0,
      api_key_id: undefined,
      organization_id: undefined,
      status: null,
      answer: undefined,
      ms: undefined,
      outcome: 'open',
      bucket: undefined,
      change: undefined,
    };
    this.entries.push(opened);
    this.bytes += ENTRY_BYTES;
    this.dropOldest();
    return opened;
  }

  /** The entry has its last texts: from now on they count. */
  close(entry: JournalEntry): void {
    // An entry that was dropped or deleted in the meantime takes nothing any more.
    if ((this.entries[this.head]?.seq ?? Number.POSITIVE_INFINITY) > entry.seq) return;
    this.bytes += textBytes(entry);
    this.dropOldest();
  }

  list(): readonly JournalEntry[] {
    return this.entries.slice(this.head) as JournalEntry[];
  }

  clear(): number {
    const count = this.entries.length - this.head;
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.droppedCount = 0;
    return count;
  }

  private dropOldest(): void {
    let kept = this.entries.length - this.head;
    while (kept > this.size || (this.bytes > MAX_BYTES && kept > 1)) {
      const oldest = this.entries[this.head];
      if (oldest !== undefined) this.bytes -= ENTRY_BYTES + (oldest.outcome === 'open' ? 0 : textBytes(oldest));
      this.entries[this.head] = undefined;
      this.head++;
      kept--;
      this.droppedCount++;
    }
    if (this.head < Math.max(kept, CUT_AT)) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }
}

/** Empty places that are worth cutting off the front. */
const CUT_AT = 64;

const textBytes = ({ body, answer }: JournalEntry) => (body?.length ?? 0) + (answer?.length ?? 0);

/** The entry as JSON text, keys in it cut to their prefix wherever they stand. */
export function toEntryJson(entry: JournalEntry): string {
  const [path = ''] = entry.url.split('?', 1);
  const query = entry.url.slice(path.length + 1);
  const { seq, request_id, method, api_key_id = null, organization_id = null, status, outcome, body_bytes } = entry;
  const members = {
    seq,
    request_id,
    received_at: toTimestamp(entry.received_at),
    method,
    path,
    query,
    headers: toHeaders(entry.headers),
    body: entry.body?.toString('utf8') ?? null,
    body_bytes,
    api_key_id,
    organization_id,
    status,
    outcome,
    answer: entry.answer ?? null,
    ms: entry.ms === undefined ? null : Math.round(entry.ms * 100) / 100,
    bucket: entry.bucket ?? null,
  };
  return redactKeys(`${JSON.stringify(members).slice(0, -1)},"changes":${toChangesJson(entry)}}`);
}

/** Values of a name that was sent more than once are joined, as HTTP allows. */
function toHeaders(lines: string): Record<string, string> {
  const headers = new Map<string, string>();
  const parts = lines.split('\n');
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [name = '', value = ''] = [parts[index]?.toLowerCase(), parts[index + 1]];
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

/** What a PATCH changed, member by member; metadata as it was sent. */
function toChangesJson({ change }: JournalEntry): string {
  if (change === undefined) return 'null';
  const { before, after, limitsBefore, limitsAfter } = change;
  const rows: [member: string, before: string, after: string][] = [
    ['organization_name', JSON.stringify(before.organization_name), JSON.stringify(after.organization_name)],
    ['logo_url', JSON.stringify(before.logo_url), JSON.stringify(after.logo_url)],
    ['metadata', before.metadata, after.metadata],
    ['billing_email', JSON.stringify(before.billing_email), JSON.stringify(after.billing_email)],
    ['rate_limits', JSON.stringify(limitsBefore), JSON.stringify(limitsAfter)],
  ];
  const changed = rows.filter(([, left, right]) => left !== right);
  return `[${changed.map(([member, left, right]) => `{"member":"${member}","before":${left},"after":${right}}`).join(',')}]`;
}
