import * as z from 'zod';
import { API_VERSIONS } from '../domain/api-version.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { DEMO_KEY } from '../seed/default.ts';
import { done, time } from './routes.ts';

/** What a server says of itself. */
export interface ServerInfo {
  version: string;
  /** Real time, RFC 3339. */
  started_at: string;
  url: string;
  /** Where the data is: a path, or `:memory:`. */
  db: string;
  journal_size: number;
}

const Info = z
  .strictObject({
    version: z.string(),
    api_version: z.enum(API_VERSIONS).describe('That of default'),
    started_at: time().describe('Real time'),
    url: z.string(),
    db: z.string(),
    control: z.strictObject({ token: z.boolean().describe('Whether the control plane requires one') }),
    journal_size: integer(),
    demo_key: z.string().nullable().describe('The documented key, where it can be used'),
    features: z.array(z.string()).describe('The resources of a sandbox'),
  })
  .meta({ id: 'Info' });
/** What `GET /_mock/info` answers. */
export type InfoView = z.output<typeof Info>;

/** `/info`: what a page or a test kit needs to know first. */
export function addInfoRoute(
  add: AddRoute,
  sandboxes: Sandboxes,
  info: ServerInfo,
  token: boolean,
  features: string[],
): void {
  add(
    'GET',
    '/info',
    {
      tags: ['info'],
      summary: 'What this server is',
      response: {
        200: done(Info, {
          version: '0.1.0',
          api_version: '0.81',
          started_at: '2026-01-01T00:00:00Z',
          url: 'http://localhost:4030',
          db: '.mixpeek-mock/mock.db',
          control: { token: false },
          journal_size: 1000,
          demo_key: DEMO_KEY,
          features: ['sandboxes', 'clock'],
        }),
      },
    },
    async () => {
      const live = await sandboxes.find(DEFAULT_SANDBOX);
      const api_version = live?.settings.api_version ?? API_VERSIONS[0];
      const { version, started_at, url, db, journal_size } = info;
      const demo_key = (await sandboxes.takesInDefault(DEMO_KEY)) ? DEMO_KEY : null;
      return { version, api_version, started_at, url, db, control: { token }, journal_size, demo_key, features };
    },
  );
}
