import { Command } from 'commander'

/** `pinql print-schema`: prints the schema in the schema definition language. */
export function printSchemaCommand(): Command {
  return new Command('print-schema').description('Print the GraphQL schema.').action(async () => {
    const { printSdl } = await import('../../schema/print-sdl.ts')
    process.stdout.write(printSdl())
  })
}
