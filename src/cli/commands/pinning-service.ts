import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { startPinningService } from '../../pinning-service/start-pinning-service.ts'
import { readGatewayToken } from '../../server/gateway-token.ts'
import { runUntilSignal } from '../run-until-signal.ts'
import { exportCommand, importCommand, verifyCommand } from './backup.ts'

interface Options {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly token?: readonly string[]
}

/** `pinql pinning-service`: the embedded service alone, for other gateways and other clients. */
export function pinningServiceCommand(): Command {
  return new Command('pinning-service')
    .description('Run the embedded pinning service alone.')
    .option('--host <host>', 'Address to listen on.', '127.0.0.1')
    .option('--port <port>', 'TCP port to listen on; 0 picks a free one.', parsePort, 3000)
    .option('--data-dir <path>', 'Directory of pins, blocks and keys.', '.pinql')
    .option(
      '--token <token...>',
      'Tokens to accept, each with pins of its own. Default: the one kept in the data directory.',
    )
    .action(runPinningService)
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(verifyCommand())
}

async function runPinningService({ host, port, dataDir, token }: Options): Promise<void> {
  const folder = resolve(dataDir)
  const tokens = token ?? [(await readGatewayToken(folder)).token]
  const service = await startPinningService({
    host,
    port,
    dataDir: folder,
    tokens,
    onError: (text) => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(`Pinning Service API at ${service.endpoint}\nPeer at ${service.addresses.join(' ')}\n`)
  if (!token) process.stdout.write(`Its token is in ${(await readGatewayToken(folder)).path}\n`)
  // Its thread may end by itself: then so does this process, with what went wrong.
  await Promise.race([runUntilSignal(service), service.closed])
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a whole number from 0 to 65535.')
  return port
}
