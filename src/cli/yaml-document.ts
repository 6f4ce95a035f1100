import { DocumentError } from '../drift/document.ts';
import { composeYaml, resolveAliases } from '../seed/yaml-composer.ts';

/** The most levels, and the most aliases: each may repeat all that is above it. */
const MAX_DEPTH = 200;
const MAX_ALIASES = 100;

/**
 * Reads YAML 1.2 as tools write it; a seed is read more strictly.
 * @throws {DocumentError}
 */
export function readYamlDocument(text: string): unknown {
  const [doc, second] = composeYaml(text, { maxDepth: MAX_DEPTH, intAsBigInt: false }, () => {
    throw new DocumentError(`is nested deeper than ${MAX_DEPTH} levels`);
  });
  const [error] = doc?.errors ?? [];
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    throw new DocumentError(`is not YAML: line ${line}: ${error.message}`);
  }
  if (doc === undefined || second !== undefined) throw new DocumentError('has several YAML documents: expected one');
  const aliases = resolveAliases(doc);
  if (aliases.size > MAX_ALIASES) throw new DocumentError(`has more than ${MAX_ALIASES} aliases: give it in JSON`);
  for (const [alias, target] of aliases) {
    const [start = 0] = alias.range ?? [];
    const [from, to] = target?.range ?? [start, start];
    // It would contain itself without end.
    if (start >= from && start <= to)
      throw new DocumentError(`has an alias *${alias.source} that repeats nothing, or itself`);
  }
  return doc.toJS({ maxAliasCount: MAX_ALIASES });
}
