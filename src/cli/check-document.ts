import { type Change, findChanges, toLine } from '../drift/changes.ts';
import { DocumentError, type Node } from '../drift/document.ts';
import { toOpenApiDocument } from '../drift/reachable.ts';
import { readOpenApiSource } from './openapi-source.ts';

/** What a published document has that an earlier one had not, or why it cannot be compared. */
export type CheckedDocument =
  | { changes: Change[]; lines: string[] /** As it calls itself. */; version: string }
  | { problem: string };

/**
 * Compares a document with what was published before. A file of its own in the package: no server needs it.
 * @param source a URL, a file, or `-`
 */
export async function checkDocument(source: string, structure: Node): Promise<CheckedDocument> {
  try {
    const published = toOpenApiDocument(await readOpenApiSource(source));
    const changes = findChanges(structure, published);
    return { changes, lines: changes.map(toLine), version: toVersion(Object(published.info).version) };
  } catch (error) {
    if (error instanceof DocumentError) return { problem: error.message };
    // The stack is full, or a text too long.
    if (error instanceof RangeError) return { problem: 'is nested too deeply, or expands to too much' };
    // A member of another kind than OpenAPI has there.
    if (error instanceof TypeError) return { problem: `cannot be compared: ${error.message}` };
    throw error;
  }
}

const toVersion = (version: unknown) => (typeof version === 'string' ? version : '');
