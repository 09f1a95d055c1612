import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql'

/** Reads a document and checks it against the schema, with the limits and caches that hold over HTTP. */
export type ParseOperation = (query: string) => DocumentNode

interface Enveloped {
  readonly schema: GraphQLSchema
  readonly parse: (query: string) => DocumentNode
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[]
}

/**
 * Borrows parsing and validation from a GraphQL server, plugins and caches included.
 *
 * The function it makes throws a `GraphQLError` for what is no GraphQL, and an `AggregateError` of them for what does not fit
 * the schema.
 */
export function createParseOperation(server: { getEnveloped(context: object): unknown }): ParseOperation {
  return (query) => {
    const { schema, parse, validate } = server.getEnveloped({}) as Enveloped
    const document = parse(query)
    const errors = validate(schema, document)
    if (errors.length > 0) throw new AggregateError(errors, 'The document does not fit the schema')
    return document
  }
}
