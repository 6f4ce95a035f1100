import type { Permission } from '../domain/api-key.ts';
import { toTimestamp } from '../domain/clock.ts';
import { type ConnectionFault, type FaultRule, toFaultJson } from '../domain/fault.ts';
import type { Change } from '../domain/organization.ts';
import type { RateLimitCategory } from '../domain/rate-limits.ts';
import { maskKey, redactKeys } from '../domain/redact.ts';
import { copyText } from '../domain/text.ts';

/** What is kept of a body (bytes) and of an answer (characters). */
export const MAX_TEXT_LENGTH = 64 * 1024;
/** What an entry takes beside its texts, in bytes. */
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
  /** The first characters of the key. */
  key_prefix: string | undefined = undefined;
  organization_id: string | undefined = undefined;
  /** What the route demands. */
  readonly permission: Permission | undefined;
  /** Null while it is open, and for one that never got an answer. */
  status: number | null = null;
  /** Of the answer that was decided; a fault may send another. */
  decided: number | null = null;
  answer: string | undefined = undefined;
  /** Real milliseconds until the end; undefined while it is open. */
  ms: number | undefined = undefined;
  /** The bucket that was charged, its limit and what was left; undefined where none was. */
  category: RateLimitCategory | undefined = undefined;
  limit = 0;
  remaining = 0;
  /** When the bucket is full again, in milliseconds since 1970. */
  full_at = 0;
  /** What the answer asked to wait, in seconds; 0 where it did not. */
  retry_after = 0;
  /** What the request changed; undefined where it was none that could. */
  changes: Change[] | undefined = undefined;
  /** What to do next, as the answer said it: printable ASCII, at most 200 characters. */
  hint: string | undefined = undefined;
  /** The rule that fired. */
  fault: FaultRule | undefined = undefined;
  /** What it counts for in the bound of all entries, in bytes. */
  size = 0;

  constructor(request_id: string, method: string, url: string, permission?: Permission) {
    this.request_id = request_id;
    this.method = method;
    this.url = url;
    this.permission = permission;
  }
}

/** The entry as JSON text that may be kept anywhere: secrets are masked as where it is shown. */
export function toKeptText(entry: JournalEntry): string {
  const { seq: _seq, size: _size, ...members } = toPlain(entry);
  const [path = ''] = entry.url.split('?', 1);
  const query = maskQuery(entry.url.slice(path.length + 1));
  const headers = entry.headers.split('\n').map((part, at, parts) => {
    const name = parts[at - 1] ?? '';
    return at % 2 === 1 && SECRET_NAME.test(name) ? maskCredentials(part) : part;
  });
  return redactKeys(
    JSON.stringify({ ...members, url: query === '' ? entry.url : `${path}?${query}`, headers: headers.join('\n') }),
  );
}

/** What of an exchange is an entry. */
function toPlain(entry: JournalEntry): Record<string, unknown> {
  const plain = new JournalEntry(entry.request_id, entry.method, entry.url, entry.permission);
  const members = Object.keys(plain) as (keyof JournalEntry)[];
  return Object.fromEntries(members.map((member) => [member, entry[member]]));
}

/** What {@link toKeptText} has written. */
export function fromKeptText(text: string, seq: number): JournalEntry {
  const { request_id, method, url, permission, ...members } = JSON.parse(text);
  return Object.assign(new JournalEntry(request_id, method, url, permission), members, { seq });
}

/** The text of a body that was kept: of what was masked before that, an ellipsis is left among the bytes. */
export const decodeBody = (body: string): string =>
  Buffer.from(body.replaceAll('…', '\xe2\x80\xa6'), 'latin1').toString('utf8');

export const toKeptBody = (bytes: Buffer): string => bytes.toString('latin1', 0, MAX_TEXT_LENGTH);

export const toKeptAnswer = (text: string): string =>
  text.length <= MAX_TEXT_LENGTH ? text : copyText(text, MAX_TEXT_LENGTH);

/** What an entry takes in memory, in bytes. What is sent is of one byte a character, what was read of a body may be of two. */
export function countBytes({ url, headers, body = '', answer = '', changes = [] }: JournalEntry): number {
  let characters = answer.length;
  for (const { before, after } of changes) characters += before.length + after.length;
  return ENTRY_BYTES + url.length + headers.length + body.length + 2 * characters;
}

/** The entry as JSON text, keys in it masked wherever they are. */
export const toEntryJson = (entry: JournalEntry): string => writeEntry(entry, toMembers(entry));

/** The entry with these members, and what is text already. */
export function writeEntry({ changes, fault }: JournalEntry, members: object): string {
  const shown = fault === undefined ? 'null' : toFaultJson(fault);
  return redactKeys(`${JSON.stringify(members).slice(0, -1)},"changes":${toChangesJson(changes)},"fault":${shown}}`);
}

/** What the text of {@link toEntryJson} says. */
export type EntryModel = ReturnType<typeof toMembers> & {
  changes: { member: Change['member']; before: unknown; after: unknown }[] | null;
  fault: { id: string } | null;
};

/** What of an entry is not text already. */
export function toMembers(entry: JournalEntry) {
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
    body: body === undefined ? null : decodeBody(body),
    body_bytes,
    api_key_id: entry.api_key_id ?? null,
    organization_id: entry.organization_id ?? null,
    status,
    outcome: toOutcome(entry),
    answer: status === null ? null : (entry.answer ?? null),
    ms: ms === undefined ? null : Math.round(ms * 100) / 100,
    bucket: category === undefined ? null : { category, limit, remaining },
    hint: entry.hint ?? null,
  };
}

/** With these an answer never gets out whole. */
const CUTTING: readonly unknown[] = ['reset', 'close', 'hang', 'half_body'] satisfies ConnectionFault[];

/** What it is answered with, as soon as that is decided; null where the answer does not get out. */
export function statusOf({ ms, status, decided, fault }: JournalEntry): number | null {
  if (ms !== undefined) return status;
  return CUTTING.includes(fault?.connection) ? null : (fault?.status ?? decided);
}

/** What has become of it. */
export const toOutcome = ({ ms, status }: JournalEntry): 'open' | 'answered' | 'cut' => {
  if (ms === undefined) return 'open';
  return status === null ? 'cut' : 'answered';
};

/** Headers and parameters of a query whose value is a secret, whatever its shape. */
export const SECRET_NAME =
  /(?:authorization|cookie|api[-_]?key|(?:^|x|id|api|auth|access|bearer|private|refresh|session|control)[-_]?token|secret|password)$/i;
const SCHEME = /^(?:(basic|bearer|digest|dpop|negotiate|ntlm|oauth|token|apikey)[ \t]+)?(.*)$/is;

/** Of what is not a key only a well-known scheme is shown: `Basic` has a key in base64, say. */
function maskCredentials(sent: string): string {
  const [, scheme = '', credentials = ''] = SCHEME.exec(sent) ?? [];
  return `${scheme} ${mask(credentials.trim())}`.trim();
}

/** What was masked before it was kept stays so: no byte that a client sends reads as an ellipsis. */
const mask = (value: string): string => (value.endsWith('…') ? value : maskKey(value));

/** The query with the values of its secrets masked. */
export function maskQuery(query: string): string {
  if (query === '') return query;
  const parameters = query.split('&').map((parameter) => {
    const [name = ''] = parameter.split('=', 1);
    return SECRET_NAME.test(decodeName(name)) && name !== parameter
      ? `${name}=${mask(parameter.slice(name.length + 1))}`
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
