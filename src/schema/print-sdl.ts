import { lexicographicSortSchema, printSchema } from 'graphql'
import { createSchema } from './schema.ts'

/**
 * Prints the schema, which is the content of `schema.graphql`. Types and fields are sorted, so that moving code does not change it.
 *
 * The description of the schema itself becomes a comment, because the parser of Rust's graphql_client refuses a file with a
 * described `schema { … }`. Introspection still has the description.
 */
export function printSdl(): string {
  const schema = lexicographicSortSchema(createSchema())
  const { description } = schema
  schema.description = undefined
  const comment = (description ?? '').replace(/^/gm, '# ').replace(/ +$/gm, '')
  return `${comment}\n\n${printSchema(schema)}\n`
}
