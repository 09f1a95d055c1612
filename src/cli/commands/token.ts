import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { openTokenStore } from '../../embedded/store/token-store.ts'
import { dataDirOption } from './data-dir-option.ts'

interface TokenFlags {
  readonly dataDir: string
  readonly name: string
}

/** `pinql token`: manages the tokens of the embedded service. Changes take effect at once, also while it runs. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('Create, list and revoke tokens of the embedded pinning service.')
    .addCommand(
      new Command('create')
        .description('Make a token and print it, once. Its pins are seen by no other token.')
        .requiredOption('--name <name>', 'What it is for, such as the name of an app.', parseTokenName)
        .addOption(dataDirOption())
        .action(create),
    )
    .addCommand(
      new Command('list')
        .description('Name, time and number of pins of each token.')
        .addOption(dataDirOption())
        .action(list),
    )
    .addCommand(
      new Command('revoke')
        .description('Make a token invalid. Its pins stay, for a new token of the same name.')
        .requiredOption('--name <name>', 'The name it was created with.')
        .addOption(dataDirOption())
        .action(revoke),
    )
}

function parseTokenName(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected a name, got nothing.')
  return text
}

async function create({ dataDir, name }: TokenFlags): Promise<void> {
  using store = await openTokenStore(resolve(dataDir))
  process.stdout.write(`${store.tokens.createToken(name)}\n`)
}

async function list({ dataDir }: TokenFlags): Promise<void> {
  using store = await openTokenStore(resolve(dataDir), { mustExist: true })
  for (const { name, created, pins } of store.tokens.listTokens()) {
    process.stdout.write(`${name}\t${created.toISOString()}\t${pins} pins\n`)
  }
}

async function revoke({ dataDir, name }: TokenFlags): Promise<void> {
  using store = await openTokenStore(resolve(dataDir), { mustExist: true })
  if (!store.tokens.revokeToken(name)) throw new Error(`There is no token named ${JSON.stringify(name)}`)
  process.stdout.write(`Revoked ${name}\n`)
}
