import { isNode, memberOf, membersOf, type Node, type OpenApiDocument } from './document.ts';
import { joinWords, shorten } from './words.ts';

/** What this mock takes. */
export const BEARER = 'http bearer';

/** Who may call an operation, in words, whatever its schemes are called: `http bearer or apiKey in header X-Key`. */
export function readSecurity(document: OpenApiDocument, operation: Node): string {
  const { root } = document;
  const security = operation.security ?? root.security;
  const alternatives = Array.isArray(security) ? security.filter(isNode) : [];
  const words = alternatives.map((schemes) => {
    const all = membersOf(schemes).map(([name, scopes]) => {
      const scheme = memberOf(memberOf(root.components, 'securitySchemes'), name);
      return describeScheme(scheme === undefined ? name : document.resolve(scheme).node, scopes);
    });
    return joinWords(all.sort(), 'and') || 'none';
  });
  return shorten(joinWords([...new Set(words)].sort(), 'or')) || 'none';
}

function describeScheme(scheme: Node | string, scopes: unknown): string {
  const needed = Array.isArray(scopes) && scopes.length > 0 ? ` for ${scopes.join(', ')}` : '';
  if (typeof scheme === 'string') return scheme + needed;
  const { type, in: place, name } = scheme;
  if (type === 'http') return `http ${String(scheme.scheme).toLowerCase()}${needed}`;
  return `${type}${type === 'apiKey' ? ` in ${place} ${name}` : ''}${needed}`;
}
