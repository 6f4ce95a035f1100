import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Parsed } from './conformance.ts';

/** An event as it was sent. */
export interface SentEvent {
  name: string;
  id: string;
  data: Parsed;
}

/** A stream of a sandbox that is being read. */
export interface OpenStream {
  status: number;
  headers: Record<string, unknown>;
  events: SentEvent[];
  /** The first event that is wanted and was not given yet; undefined when the stream ends before it. */
  next(name: string, isWanted?: (data: Parsed) => boolean): Promise<SentEvent | undefined>;
  close(): void;
}

export function openStream(baseUrl: string, path = '/_mock/sandboxes/default/stream'): Promise<OpenStream> {
  const events: SentEvent[] = [];
  let given = 0;
  let hasEnded = false;
  let wake = () => {};
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, baseUrl), { agent: false }, (response) => {
      let event = { name: '', id: '' };
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        const [, field = '', value = ''] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
        if (field === 'event') event = { name: value, id: '' };
        if (field === 'id') event = { ...event, id: value };
        if (field === 'data') events.push({ ...event, data: JSON.parse(value) });
        wake();
      });
      const end = () => {
        hasEnded = true;
        wake();
      };
      lines.on('close', end).on('error', end);
      response.on('error', end);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        events,
        async next(name, isWanted = () => true) {
          for (;;) {
            const at = events.findIndex((one, index) => index >= given && one.name === name && isWanted(one.data));
            if (at >= 0) {
              given = at + 1;
              return events[at];
            }
            if (hasEnded) return undefined;
            await new Promise<void>((done) => {
              wake = done;
            });
          }
        },
        close: () => sent.destroy(),
      });
    });
    sent.on('error', (error) => (hasEnded ? undefined : reject(error)));
    sent.end();
  });
}
