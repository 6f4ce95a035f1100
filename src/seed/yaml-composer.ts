import { type Alias, Composer, type Document, isAlias, Lexer, type Node, Parser, visit } from 'yaml';

/**
 * The documents of a YAML text.
 * @param onTooDeep throws, for a text that has more levels than these
 */
export function composeYaml(
  text: string,
  { maxDepth, intAsBigInt }: { maxDepth: number; intAsBigInt: boolean },
  onTooDeep: (offset: number) => never,
): Document.Parsed[] {
  const tokens = [];
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    // The composer recurses: a stack overflow in it would end the process.
    if (parser.stack.length > maxDepth) onTooDeep(parser.offset);
  }
  for (const token of parser.end()) tokens.push(token);
  // Our readers find duplicate names: the library would take quadratic time.
  const composer = new Composer({ intAsBigInt, prettyErrors: false, uniqueKeys: false });
  return [...composer.compose(tokens, true, text.length)];
}

/** The target of each alias: the last node before it that has its anchor. */
export function resolveAliases(doc: Document): Map<Alias, Node | undefined> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node | undefined>();
  visit(doc, {
    Node: (_key, node) => {
      if (isAlias(node)) targets.set(node, anchors.get(node.source));
      else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}
