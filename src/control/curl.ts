import * as z from 'zod';
import { conflict } from '../domain/errors.ts';
import type { AddRoute, TextResponse } from '../http/openapi.ts';
import { NoCurlLineError, toCurlLine } from '../sandbox/curl-line.ts';
import { findEntry, InEntry } from './request-entries.ts';
import { type FindSandbox, refusal } from './routes.ts';

const LINE: TextResponse = {
  description: 'A line for bash',
  content: {
    'text/plain': {
      schema: z.string(),
      examples: {
        example: {
          value: `curl -sS --globoff --path-as-is -X 'GET' 'http://localhost:4030/v1/organizations' -H "Authorization: Bearer $MIXPEEK_API_KEY"\n`,
        },
      },
    },
  },
};

/** `…/requests/ID/curl`: a request to send again. */
export function addCurlRoute(add: AddRoute, find: FindSandbox): void {
  add(
    'GET',
    '/requests/:id/curl',
    {
      tags: ['requests'],
      summary: 'A curl line that sends the same bytes, with the key in MIXPEEK_API_KEY',
      params: InEntry,
      response: {
        200: LINE,
        404: refusal('No such sandbox, or no such entry'),
        409: refusal('Not all that was sent is kept, or may be shown'),
      },
    },
    async (request, reply) => {
      const entry = await findEntry(find, request.params);
      const line = writeLine(() => toCurlLine(entry, `${request.protocol}://${request.host}`));
      reply.header('content-type', 'text/plain; charset=utf-8').send(Buffer.from(`${line}\n`));
    },
  );
}

function writeLine(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof NoCurlLineError)) throw error;
    throw conflict(`There is no curl line for this request: ${error.message}`, 'GET …/requests/ID has what is kept');
  }
}
