import * as z from 'zod';
import { ACCOUNT_TYPES } from '../domain/rate-limits.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { type Setting, text, toggle, toMilliseconds, type Values } from '../setting.ts';
import { SERVE_SETTINGS } from '../settings.ts';

/** The URL of a server, without a slash at the end. */
const ServerUrl = z
  .string()
  .refine((value) => {
    if (!URL.canParse(value)) return false;
    const { protocol, href, origin, pathname } = new URL(value);
    return /^https?:$/.test(protocol) && href === origin + pathname;
  })
  .transform((value) => new URL(value).href.replace(/\/+$/, ''));

/** The settings of every command that asks the control plane of a running server. */
export const CONTROL_SETTINGS = {
  url: {
    flag: '--url <url>',
    default: 'http://localhost:4030',
    description: 'URL of the server that is asked',
    schema: ServerUrl,
    allowed: 'a URL like http://localhost:4030; a token goes into --control-token',
  },
  controlToken: { ...SERVE_SETTINGS.controlToken, description: 'token of its control plane, if it requires one' },
} satisfies Record<string, Setting>;

/** Those of a command about one sandbox. */
export const SANDBOX_SETTINGS = {
  ...CONTROL_SETTINGS,
  sandbox: {
    flag: '--sandbox <id>',
    default: DEFAULT_SANDBOX,
    description: 'sandbox that is meant',
    ...text('the id of a sandbox'),
    isFlagOnly: true,
  },
} satisfies Record<string, Setting>;

export const STATE_SETTINGS = {
  ...SANDBOX_SETTINGS,
  json: { ...SERVE_SETTINGS.json, description: 'in JSON instead of YAML', isFlagOnly: true },
} satisfies Record<string, Setting>;

export const REQUESTS_SETTINGS = {
  ...SANDBOX_SETTINGS,
  follow: {
    flag: '--follow',
    short: '-f',
    description: 'go on with those that come, until it is interrupted',
    ...toggle,
    isFlagOnly: true,
  },
} satisfies Record<string, Setting>;

/** Those of `sandboxes create`. */
export const CREATE_SETTINGS = {
  ...CONTROL_SETTINGS,
  name: {
    flag: '--name <text>',
    description: 'name, for people',
    schema: z.string().min(1).optional(),
    allowed: 'a text',
    isFlagOnly: true,
  },
  accountType: {
    flag: '--account-type <type>',
    description: `tier of its organization, where there is no seed: ${ACCOUNT_TYPES.join(', ')}`,
    schema: z.enum(ACCOUNT_TYPES).optional(),
    allowed: ACCOUNT_TYPES.join(', '),
    isFlagOnly: true,
  },
  ttl: {
    flag: '--ttl <duration>',
    description: 'remove it when nobody has used it for so long',
    schema: z.preprocess(toMilliseconds, z.number().multipleOf(1000)).optional(),
    allowed: 'a duration like 90s or 10m, in whole seconds',
    isFlagOnly: true,
  },
  seed: { ...SERVE_SETTINGS.seed, description: 'YAML or JSON to seed it with', isFlagOnly: true },
} satisfies Record<string, Setting>;

export type ControlConfig = Values<typeof CONTROL_SETTINGS>;
