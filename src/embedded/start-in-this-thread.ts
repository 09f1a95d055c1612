import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { multiaddr } from '@multiformats/multiaddr'
import { InsufficientFundsError } from '../domain/errors.ts'
import { lockDirectory } from '../storage/lock-directory.ts'
import { type Database, openDatabase } from '../storage/open-database.ts'
import { type DialRange, defaultDialRanges } from './fetch/dial-policy.ts'
import { startBlockKeeper } from './fetch/start-block-keeper.ts'
import { createApp } from './http/create-app.ts'
import { assertNoKubo } from './kubo/kubo-ledger.ts'
import type { KuboAddress } from './kubo/kubo-rpc.ts'
import { startKuboKeeper } from './kubo/start-kubo-keeper.ts'
import { Collector } from './queue/collector.ts'
import type { Keeper } from './queue/keeper.ts'
import { KeeperPresence, type Notice } from './queue/keeper-presence.ts'
import { DEFAULT_LIMITS, type Limits } from './queue/limits.ts'
import { Pinner } from './queue/pinner.ts'
import { PIN_DATABASE } from './store/database-schema.ts'
import { PinStore, type Usage } from './store/pin-store.ts'
import { hashOf, TokenStore } from './store/token-store.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000

type FetchCallback = Parameters<typeof createAdaptorServer>[0]['fetch']

/** What a service needs to know, in a form that can be sent to its thread. */
export interface ServiceOptions {
  /** Address that HTTP listens on. */
  readonly host: string
  /** Port of HTTP; 0 for any. */
  readonly port: number
  /** Folder of the database and of the peer's key. */
  readonly dataDir: string
  /** Tokens that are valid as long as they are given here, each with its own pins. */
  readonly tokens: readonly string[]
  /** Multiaddrs that the peer listens on. */
  readonly listen: readonly string[]
  readonly limits: Partial<Limits>
  /** Base URLs of trustless HTTP gateways that are asked beside a pin's origins. */
  readonly gateways: readonly string[]
  /** Which origins may be dialled; null for the default. */
  readonly dialRanges: readonly DialRange[] | null
  /** The Kubo daemon that fetches and keeps what is pinned; null where this service does so itself. */
  readonly kubo: KuboAddress | null
}

/** A service that runs in this thread. */
export interface Service extends AsyncDisposable {
  readonly endpoint: string
  readonly peerId: string | null
  readonly addresses: readonly string[]
}

/**
 * Starts the service in this thread: database, keeper, pinner and HTTP, in that order; disposing undoes it in reverse.
 *
 * @param report told of each failure that is nobody's input: of a request, a pin or the collection of garbage
 * @param onNotice told that the keeper went away, and came back
 */
export async function startService(
  options: ServiceOptions,
  report: (error: unknown) => void,
  onNotice: (notice: Notice) => void = () => {},
): Promise<Service> {
  const presence = new KeeperPresence(onNotice)
  const onError = (error: unknown): void => {
    if (!presence.take(error)) report(error)
  }
  const closers: (() => void | PromiseLike<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
    const lock = await lockDirectory(options.dataDir)
    closers.push(() => lock[Symbol.dispose]())
    const database = await openDatabase(join(options.dataDir, 'pins.db'), PIN_DATABASE)
    closers.push(() => database.close())
    const pins = new PinStore(database)
    const tokens = new TokenStore(database)
    const configured = new Map(
      options.tokens.map((token) => [hashOf(token).toString('hex'), tokens.ownerOfConfigured(token)]),
    )

    const keeper = await startKeeper(options, {
      database,
      pins,
      limits,
      onQueued: () => pinner.wake(),
      onAnswer: () => presence.answered(),
    })
    const collector = new Collector(keeper, onError)
    closers.push(async () => {
      // What is being collected ends with the keeper, which may be waiting for somebody.
      const collected = collector.stop()
      await keeper[Symbol.asyncDispose]()
      await collected
    })
    const pinner = new Pinner({ pins, keeper, limits, onSettled: () => collector.wake(), onError })
    closers.push(() => pinner.stop())

    const app = createApp({
      pins,
      delegates: () => keeper.addresses,
      ownerOf: (token) => configured.get(hashOf(token).toString('hex')) ?? tokens.ownerOf(token),
      assertRoom: (owner) => assertRoom(pins.usage(owner), limits),
      onAdded: () => pinner.wake(),
      onRemoved: (pin) => {
        pinner.cancel(pin.created)
        collector.wake()
      },
      progressOf: (pin) => pinner.progressOf(pin.created),
      onError,
    })
    const server = await listen(app.fetch, options)
    closers.push(() => stopServer(server))

    pins.requeueInterrupted()
    collector.wake()
    pinner.wake()
    const { address, family, port } = server.address() as AddressInfo
    const host = family === 'IPv6' ? `[${address}]` : address
    return {
      endpoint: `http://${host}:${port}`,
      peerId: keeper.peerId,
      addresses: keeper.addresses,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function startKeeper(
  { kubo, dataDir, host, listen, gateways, dialRanges }: ServiceOptions,
  parts: { database: Database; pins: PinStore; limits: Limits; onQueued: () => void; onAnswer: () => void },
): Promise<Keeper> {
  const bytesOf = (owner: number): number => parts.pins.usage(owner).bytes
  const rangesOf = (hosts: readonly string[]): readonly DialRange[] => dialRanges ?? defaultDialRanges(hosts)
  if (kubo) return startKuboKeeper({ ...parts, kubo, bytesOf, dialRanges: rangesOf([host]) })
  assertNoKubo(parts.database)
  const ranges = rangesOf([host, ...listen.map(hostOf)])
  return startBlockKeeper({ ...parts, dataDir, listen, gateways, bytesOf, dialRanges: ranges })
}

function hostOf(address: string): string {
  return multiaddr(address).getComponents()[0]?.value ?? ''
}

function assertRoom(usage: Usage, { maxPinsPerToken, maxBytesPerToken }: Limits): void {
  const refuse = (message: string): never => {
    throw new InsufficientFundsError(message, { service: 'embedded' })
  }
  if (usage.pins >= maxPinsPerToken) refuse(`This token has ${usage.pins} pins, of ${maxPinsPerToken} at most`)
  if (usage.bytes >= maxBytesPerToken) {
    refuse(`This token's pins hold ${usage.bytes} bytes, of ${maxBytesPerToken} at most`)
  }
}

function listen(fetch: FetchCallback, { host, port }: ServiceOptions): Promise<Server> {
  const server = createAdaptorServer({ fetch }) as Server
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
