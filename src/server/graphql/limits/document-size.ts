import { GraphQLError, Lexer, Source, TokenKind } from 'graphql'

/** Maximum levels of braces, brackets and parentheses. The parser calls itself for each. GraphiQL's introspection has 15. */
const MAX_NESTING = 100

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L])
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R])

/**
 * Checks a document before it is parsed: its bytes, and how deep its signs are nested.
 *
 * @param options.maxBytes as UTF-8
 * @param options.maxTokens number of tokens after which the check ends: the parser refuses a document with more
 * @throws {GraphQLError} for a document over a limit, and for one with a token that GraphQL does not have
 */
export function checkDocumentSize(
  text: string,
  { maxBytes, maxTokens }: { maxBytes: number; maxTokens: number },
): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > maxBytes)
    throw new GraphQLError(`Expected a document of at most ${maxBytes} bytes, got ${bytes}; see maxDocumentBytes.`)
  const lexer = new Lexer(new Source(text))
  let nesting = 0
  for (let tokens = 0; tokens <= maxTokens; tokens++) {
    const { kind } = lexer.advance()
    if (kind === TokenKind.EOF) return
    if (OPENING.has(kind)) nesting++
    else if (CLOSING.has(kind)) nesting--
    if (nesting > MAX_NESTING) throw new GraphQLError(`Expected a document of at most ${MAX_NESTING} levels of signs.`)
  }
}
