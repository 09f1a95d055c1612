import { GraphQLEnumType, GraphQLError, type GraphQLSchema } from 'graphql'

/**
 * Makes every enum say what to send in place of an empty text.
 *
 * Clients that are generated in Go and Rust send `""` for an enum that is not set. graphql-js only answers that no such value
 * exists, which does not say what to send.
 */
export function explainEmptyText(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(type instanceof GraphQLEnumType) || type.name.startsWith('__')) continue
    const parseValue = type.parseValue.bind(type)
    const names = type.getValues().map(({ name }) => name)
    type.parseValue = (value) => {
      if (value !== '') return parseValue(value)
      throw new GraphQLError(`${type.name}: expected ${names.join(', ')} or null, got ""`)
    }
  }
}
