import { PERMISSIONS } from './domain/api-key.ts';
import { LIMITS_MODES } from './domain/rate-limiter.ts';
import { KEY_FORM } from './domain/redact.ts';
import { UNKNOWN_FIELDS } from './wire/pydantic.ts';

/** How a setting is told to people. */
export interface Setting {
  /** As in `--help`. */
  flag: string;
  short?: string;
  description: string;
  /** What is allowed, for the message that refuses a value. */
  allowed: string;
  default?: string;
  isRepeatable?: boolean;
  /** A value that is refused is not repeated, and a variable may name a file that holds it. */
  isSecret?: boolean;
}

/** A value that cannot be used. The message is one line: the flag, what was given, what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const SEED_FILES = ['mixpeek-mock.yaml', 'mixpeek-mock.yml', 'mixpeek-mock.json'];
export const FLAGS_IN_VARIABLES = ['true', 'false', '1', '0'] as const;

/** Every setting of the server: its flag, its variable, its default. */
export const SERVE_SETTINGS = {
  port: {
    flag: '--port <number>',
    short: '-p',
    default: '4030',
    description: 'port to listen on; 0 takes a free one',
    allowed: '0 to 65535',
  },
  host: {
    flag: '--host <address>',
    default: 'localhost',
    description: 'address to listen on; localhost means 127.0.0.1 and ::1',
    allowed: 'a host name or an IP address',
  },
  db: {
    flag: '--db <file>',
    default: '.mixpeek-mock/mock.db',
    description: 'SQLite file, or :memory: to keep nothing',
    allowed: 'a path, or :memory:',
  },
  seed: {
    flag: '--seed <file>',
    description: `YAML or JSON that fills an empty database; ${SEED_FILES[0]}, .yml or .json in this folder is found automatically`,
    allowed: 'a path',
  },
  reset: { flag: '--reset', description: 'start over from the seed', allowed: FLAGS_IN_VARIABLES.join(', ') },
  apiKey: {
    flag: '--api-key <key>',
    description: 'allow this key too: KEY, KEY=permission or KEY=permission@organization_id (repeatable)',
    allowed: `KEY, KEY=permission or KEY=permission@organization_id: KEY is ${KEY_FORM}; permission is one of ${PERMISSIONS.join(', ')}; organization_id begins with org_`,
    isRepeatable: true,
    isSecret: true,
  },
  unknownFields: {
    flag: '--unknown-fields <mode>',
    default: 'ignore',
    description: 'members that the API does not know: ignore, as the real service does, or reject with a 422',
    allowed: UNKNOWN_FIELDS.join(', '),
  },
  limits: {
    flag: '--limits <mode>',
    default: 'headers',
    description: 'rate limits: off, headers (counted and told, never refused), or enforce (a 429 beyond the limit)',
    allowed: LIMITS_MODES.join(', '),
  },
  clock: {
    flag: '--clock <time>',
    description: 'freeze the clock at this time; the control plane can move and start it',
    allowed: 'a time like 2026-01-01T00:00:00Z',
  },
  journalSize: {
    flag: '--journal-size <number>',
    default: '1000',
    description: 'requests that the journal keeps; 0 for none',
    allowed: '0 to 100000',
  },
  control: {
    flag: '--control <mode>',
    default: 'on',
    description: 'the control plane under /_mock: on, or off',
    allowed: 'on, off',
  },
  controlToken: {
    flag: '--control-token <token>',
    description:
      'token that the control plane demands; generated and printed when not given and --host is not loopback',
    allowed: '8 characters or more, printable ASCII without whitespace',
    isSecret: true,
  },
  requestTimeout: {
    flag: '--request-timeout <duration>',
    default: '30s',
    description: 'how long a client may take to send a request',
    allowed: 'a duration like 500ms, 30s or 2m; at most 24 days',
  },
  shutdownDelay: {
    flag: '--shutdown-delay <duration>',
    default: '0',
    description:
      'how long it goes on after the first signal to stop, while /readyz is a 503; a second signal ends it at once',
    allowed: '0, or a duration like 500ms, 30s or 2m; at most 24 days',
  },
  logLevel: {
    flag: '--log-level <level>',
    default: 'info',
    description: 'what is logged',
    allowed: LOG_LEVELS.join(', '),
  },
  json: {
    flag: '--json',
    description: 'for programs: a ready line in JSON on standard output, logs in JSON on standard error',
    allowed: FLAGS_IN_VARIABLES.join(', '),
  },
} satisfies Record<string, Setting>;

/** The settings of `health`: where to ask, and how long to wait for an answer. */
export const HEALTH_SETTINGS = {
  port: { ...SERVE_SETTINGS.port, description: 'port of the server that is asked', allowed: '1 to 65535' },
  host: { ...SERVE_SETTINGS.host, description: 'address of the server that is asked' },
  wait: {
    flag: '--wait <duration>',
    description: 'keep asking until the server answers, this long at most',
    allowed: SERVE_SETTINGS.requestTimeout.allowed,
  },
} satisfies Record<string, Setting>;

/** `apiKey` as `MIXPEEK_MOCK_API_KEY`. */
export function toVariable(name: string): string {
  return `MIXPEEK_MOCK_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
