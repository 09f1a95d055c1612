#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { closest } from '../config/closest.ts'
import { ConfigError } from '../config/config-error.ts'
import { defaultToProduction } from '../config/default-to-production.ts'
import { addCommand } from './commands/add.ts'
import { checkCommand } from './commands/check.ts'
import { pinningServiceCommand } from './commands/pinning-service.ts'
import { printSchemaCommand } from './commands/print-schema.ts'
import { serveCommand } from './commands/serve.ts'
import { tokenCommand } from './commands/token.ts'
import { listConfigOptions } from './config-options.ts'
import { EXIT } from './exit-codes.ts'
import { outliveReaders } from './outlive-readers.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** The options of the default command that people look for here. */
const GATEWAY_OPTIONS = `Options of the gateway, with or without "serve" (pinql serve --help lists all):
${listConfigOptions(['host', 'port', 'dataDir'])}`

defaultToProduction()
outliveReaders()

// Commands import their modules when they run, so that help, version and usage errors answer at once.
const program = new Command('pinql')
  .description('GraphQL in front of IPFS Pinning Services.')
  .version(version)
  .showSuggestionAfterError()
  .showHelpAfterError('(pinql --help lists commands and options)')
  .addHelpText(
    'after',
    `\n${GATEWAY_OPTIONS}\n\nExit codes: 0 done or stopped, 1 failed, 2 wrong command line or configuration.`,
  )
  .addCommand(serveCommand(), { isDefault: true })
  .addCommand(addCommand())
  .addCommand(checkCommand())
  .addCommand(pinningServiceCommand())
  .addCommand(printSchemaCommand())
  .addCommand(tokenCommand())

for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.exitOverride()
}

try {
  rejectUnknownCommand(program, process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already printed the error or the help.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else {
    process.stderr.write(`pinql: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof ConfigError ? EXIT.usage : EXIT.failure
  }
}

// Commander would take an unknown command for an argument of the default command, or of a command with subcommands.
function rejectUnknownCommand(parent: Command, [word, ...others]: readonly string[]): void {
  if (word === undefined || word.startsWith('-') || parent.commands.length === 0) return
  const found = parent.commands.find((command) => command.name() === word)
  if (found) rejectUnknownCommand(found, others)
  if (found || word === 'help') return
  const meant = closest(word, ['help', ...parent.commands.map((command) => command.name())])
  program.error(`error: unknown command '${word}'${meant ? `\n(Did you mean ${meant}?)` : ''}`)
}
