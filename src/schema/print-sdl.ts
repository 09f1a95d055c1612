import { lexicographicSortSchema, printSchema } from 'graphql'
import { createSchema } from './schema.ts'

/** The schema as text, sorted, so that moving code never changes it: the content of `schema.graphql`. */
export function printSdl(): string {
  return `${printSchema(lexicographicSortSchema(createSchema()))}\n`
}
