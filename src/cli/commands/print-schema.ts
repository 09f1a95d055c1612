import { Command } from 'commander'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { createSchema } from '../../schema/schema.ts'

/** `pinql print-schema`: the schema in the schema definition language. */
export function printSchemaCommand(): Command {
  return new Command('print-schema').description('Print the GraphQL schema.').action(() => {
    process.stdout.write(`${printSchema(lexicographicSortSchema(createSchema()))}\n`)
  })
}
