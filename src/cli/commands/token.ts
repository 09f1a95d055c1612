import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { configuredName, openTokenStore, type TokenStore } from '../../embedded/store/token-store.ts'
import { readGatewayToken } from '../../server/services/gateway-token.ts'
import { lockDirectory } from '../../storage/lock-directory.ts'
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
      new Command('adopt')
        .description('Give all pins of one token to another. Stop pinql before.')
        .requiredOption(
          '--from <owner>',
          'Whose pins: a name, or "configured:" and the beginning of a hash, as the start tells it.',
        )
        .option('--to <owner>', 'Who gets them. Default: the token that is kept in the data directory.')
        .addOption(dataDirOption())
        .action(adopt),
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
  if (text.startsWith('configured:'))
    throw new InvalidArgumentError(
      'Expected a name that does not begin with "configured:", as those of configured tokens do.',
    )
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

async function adopt({ dataDir, from, to }: { dataDir: string; from: string; to?: string }): Promise<void> {
  using store = await openTokenStore(dataDir, { mustExist: true })
  // The service has the owners of its tokens in memory.
  using _lock = await lockDirectory(dataDir)
  const target = to ?? (await ownOwner(dataDir, store.tokens))
  const pins = store.tokens.adoptPins(from, target)
  process.stdout.write(
    `Gave ${pins === 1 ? '1 pin' : `${pins} pins`} of ${from} to ${to ?? 'the token of the data directory'}\n`,
  )
}

async function ownOwner(dataDir: string, tokens: TokenStore): Promise<string> {
  const { token } = await readGatewayToken(dataDir)
  tokens.ownerOfConfigured(token)
  return configuredName(token)
}
