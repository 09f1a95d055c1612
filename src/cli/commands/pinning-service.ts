import { Command, InvalidArgumentError, Option } from 'commander'
import { normaliseEndpoint } from '../../config/endpoint.ts'
import { LOG_LEVELS } from '../../config/gateway-config.ts'
import { normaliseOriginRule } from '../../config/origin-rule.ts'
import {
  ANNOUNCED_WORDS,
  announcedAddress,
  LISTEN_WORDS,
  listenAddress,
  MAX_ANNOUNCED,
} from '../../config/peer-address.ts'
import { splitList } from '../../config/setting.ts'
import type { DialRange } from '../../embedded/fetch/dial-policy.ts'
import { DEFAULT_LIMITS, type Limits } from '../../embedded/limits.ts'
import { startPinningService } from '../../embedded/start-pinning-service.ts'
import type { Logger } from '../../observability/logger.ts'
import { readGatewayToken } from '../../server/services/gateway-token.ts'
import { openDirectoryWarning } from '../../storage/private-files.ts'
import { listenForStop } from '../listen-for-stop.ts'
import { exportCommand, importCommand, verifyCommand } from './backup.ts'
import { dataDirOption } from './data-dir-option.ts'

/** Longest time of Node's timers, 24 days. Longer ones fire at once. */
const MAX_TIMER_MS = 2_147_483_647
const ORIGIN_WORDS = 'origins such as https://app.example.com or https://*.example.com, or loopback, null or *'
const DEFAULT_KUBO = 'http://127.0.0.1:5001'

interface PinningServiceFlags {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly token?: readonly string[]
  readonly listen?: readonly string[]
  readonly announce?: readonly string[]
  readonly dial?: readonly DialRange[]
  readonly gateway?: readonly string[]
  readonly kubo?: string
  readonly kuboToken?: string
  readonly limit?: Partial<Limits>
  readonly corsOrigins?: readonly string[]
  readonly logLevel: string
}

/** `pinql pinning-service`: runs the embedded service alone, for other gateways and other clients. */
export function pinningServiceCommand(): Command {
  return new Command('pinning-service')
    .description('Run the embedded pinning service alone.')
    .option('--host <host>', 'Address to listen on.', '127.0.0.1')
    .option('--port <port>', 'TCP port to listen on; 0 picks a free one.', parsePort, 3000)
    .addOption(dataDirOption())
    .addOption(
      new Option(
        '--token <token...>',
        'Tokens to accept, each with pins of its own. Default: the one kept in the data directory.',
      )
        .env('PINQL_PINNING_SERVICE_TOKENS')
        .argParser(parseTokens),
    )
    .option(
      '--listen <multiaddr...>',
      'Where the libp2p peer listens. Default: any TCP port on loopback.',
      collect(parseWith(listenAddress, LISTEN_WORDS)),
    )
    .addOption(
      new Option(
        '--announce <multiaddr...>',
        'Public addresses of the peer, to give to clients as delegates. Default: those it finds out by itself.',
      )
        .env('PINQL_PINNING_SERVICE_ANNOUNCE')
        .argParser(parseAnnounce),
    )
    .addOption(
      new Option(
        '--dial <range...>',
        'Which origins may be dialled. Default: all while only loopback listens, else public.',
      ).choices(['public', 'private', 'loopback']),
    )
    .option('--gateway <url...>', 'Trustless HTTP gateways to ask beside the origins.', collect(parseUrl))
    .addOption(
      new Option('--kubo [url]', 'RPC API of a Kubo daemon that fetches and keeps what is pinned.')
        .preset(DEFAULT_KUBO)
        .argParser(parseUrl)
        .conflicts(['listen', 'gateway']),
    )
    .addOption(new Option('--kubo-token <token>', "Token of the daemon's API.Authorizations.").env('PINQL_KUBO_TOKEN'))
    .option(
      '--limit <name=value...>',
      'Bounds that differ from the default, such as maxDagBytes=1000000000.',
      parseLimit,
    )
    .addOption(
      new Option(
        '--cors-origins <origin...>',
        'Web pages that may call the service from a browser: origins, loopback, null or *. Default: none.',
      )
        .env('PINQL_PINNING_SERVICE_CORS_ORIGINS')
        .argParser(parseCorsOrigins),
    )
    .addOption(
      new Option('--log-level <level>', 'Least severe level that is logged. Requests have the level info.')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .action(runPinningService)
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(verifyCommand())
}

async function runPinningService(options: PinningServiceFlags, command: Command): Promise<void> {
  const { host, port, dataDir } = options
  refuseIdleOptions(options, command)
  // An empty environment variable counts as missing.
  const token = options.token?.length ? options.token : null
  const tokens = token ?? [(await readGatewayToken(dataDir)).token]
  const log = await createLog(options, tokens)
  const stop = listenForStop()
  const service = await startPinningService({
    host,
    port,
    dataDir,
    tokens,
    ...(options.listen && { listen: options.listen }),
    ...(options.announce?.length && { announce: options.announce }),
    ...(options.dial && { dialRanges: options.dial }),
    ...(options.gateway && { gateways: options.gateway }),
    ...(options.limit && { limits: options.limit }),
    ...(options.corsOrigins?.length && { corsOrigins: options.corsOrigins }),
    ...(options.kubo && { kubo: { endpoint: options.kubo, token: options.kuboToken || null } }),
    onError: (text) => process.stderr.write(`${text}\n`),
    onNotice: ({ message }) => process.stderr.write(`${message}\n`),
    ...(log.isLevelEnabled('info') && { onRequest: (request) => log.info(request, 'request') }),
  })
  const warning = openDirectoryWarning(dataDir)
  if (warning !== null) process.stderr.write(`${warning}\n`)
  process.stdout.write(`Pinning Service API at ${service.endpoint}\n`)
  process.stdout.write(`Peer at ${service.addresses.join(' ') || 'addresses that Kubo will tell when it runs'}\n`)
  if (isOther(service.delegates, service.addresses))
    process.stdout.write(`Delegates of pins: ${service.delegates.join(' ')}\n`)
  if (!token) process.stdout.write(`Its token is in ${(await readGatewayToken(dataDir)).path}\n`)
  // When the thread of the service ends by itself, this process fails with its error.
  await Promise.race([stop.endOf(service), service.closed])
}

/** Creates a log like that of the gateway, of lines on standard output. */
async function createLog({ logLevel, kuboToken }: PinningServiceFlags, tokens: readonly string[]): Promise<Logger> {
  const { createLogger } = await import('../../observability/logger.ts')
  const { formatLogLine } = await import('../../observability/format-log-line.ts')
  const { stdout } = process
  const sink = { write: (line: string) => stdout.write(stdout.isTTY ? formatLogLine(line) : line) }
  return createLogger({ level: logLevel, secrets: [...tokens, ...(kuboToken ? [kuboToken] : [])], sink })
}

function isOther(one: readonly string[], other: readonly string[]): boolean {
  return one.length !== other.length || one.some((text, i) => text !== other[i])
}

/** Refuses flags that would have no effect. Environment variables are not refused: they may be meant for other commands. */
function refuseIdleOptions({ token, kubo }: PinningServiceFlags, command: Command): void {
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  if (isTyped('token') && !token?.length)
    command.error("error: option '--token <token...>' expects a token, got nothing")
  if (isTyped('kuboToken') && kubo === undefined)
    command.error("error: option '--kubo-token <token>' expects --kubo beside it")
}

/** Makes a parser for an option with several values. */
function collect<T>(parse: (text: string) => T): (text: string, others?: readonly T[]) => readonly T[] {
  return (text, others = []) => [...others, parse(text)]
}

/** Parses the environment variable as well, which has all tokens in one text, separated by spaces. */
function parseTokens(text: string, others: readonly string[] = []): readonly string[] {
  return [...others, ...text.split(/\s+/).filter(Boolean)]
}

/** Parses the environment variable as well, which has all origins in one text, separated by commas or spaces. */
function parseCorsOrigins(text: string, others: readonly string[] = []): readonly string[] {
  return [...others, ...splitList(text).map(parseWith(normaliseOriginRule, ORIGIN_WORDS))]
}

/** Parses the environment variable as well, which has all addresses in one text, separated by commas or spaces. */
function parseAnnounce(text: string, others: readonly string[] = []): readonly string[] {
  const addresses = [...others, ...splitList(text).map(parseWith(announcedAddress, ANNOUNCED_WORDS))]
  if (addresses.length > MAX_ANNOUNCED) throw new InvalidArgumentError(`Expected at most ${MAX_ANNOUNCED} addresses.`)
  return addresses
}

/** Makes a parser of a text from a check that returns null for a wrong one. */
function parseWith(check: (text: string) => string | null, words: string): (text: string) => string {
  return (text) => {
    const parsed = check(text)
    if (parsed === null) throw new InvalidArgumentError(`Expected ${words}, got ${JSON.stringify(text)}.`)
    return parsed
  }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a whole number from 0 to 65535.')
  return port
}

function parseUrl(text: string): string {
  const endpoint = normaliseEndpoint(text)
  if (endpoint === null)
    throw new InvalidArgumentError('Expected an http or https URL without user, query and fragment.')
  return endpoint
}

function parseLimit(text: string, others: Partial<Limits> = {}): Partial<Limits> {
  const [, name = '', value] = /^(\w+)=([1-9]\d{0,15})$/.exec(text) ?? []
  if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
    const names = Object.keys(DEFAULT_LIMITS).join(', ')
    throw new InvalidArgumentError(`Expected NAME=WHOLE_NUMBER, where NAME is one of ${names}.`)
  }
  if (name.endsWith('Ms') && Number(value) > MAX_TIMER_MS) {
    throw new InvalidArgumentError(`Expected at most ${MAX_TIMER_MS} milliseconds for ${name}.`)
  }
  return { ...others, [name]: Number(value) }
}
