import { lexicographicSortSchema, printSchema } from 'graphql'
import { createSchema } from './schema.ts'

/**
 * The schema as text, sorted, so that moving code never changes it: the content of `schema.graphql`.
 *
 * The description of the schema itself is a comment there. Introspection has it; but the parser of Rust's graphql_client
 * refuses a file with a described `schema { … }`.
 */
export function printSdl(): string {
  const schema = lexicographicSortSchema(createSchema())
  const { description } = schema
  schema.description = undefined
  const comment = (description ?? '').replace(/^/gm, '# ').replace(/ +$/gm, '')
  return `${comment}\n\n${printSchema(schema)}\n`
}
