import { GraphQLEnumType, GraphQLError, type GraphQLSchema } from 'graphql'

/**
 * Makes each enum list its values when a client sends an empty text.
 *
 * Clients that are generated in Go and Rust send `""` for an enum that is not set. The error of graphql-js only says that no such
 * value exists.
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
