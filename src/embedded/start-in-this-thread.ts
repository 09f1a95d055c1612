import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { lockDirectory } from '../storage/lock-directory.ts'
import { type Database, openDatabase } from '../storage/open-database.ts'
import { announcedDelegates, reachableAddresses } from './fetch/delegates.ts'
import { type DialRange, defaultDialRanges } from './fetch/dial-policy.ts'
import { startBlockKeeper } from './fetch/start-block-keeper.ts'
import { createApp } from './http/create-app.ts'
import { serveApp } from './http/serve-app.ts'
import type { RequestLine } from './http/watch-requests.ts'
import { assertNoKubo } from './kubo/kubo-ledger.ts'
import type { KuboAddress } from './kubo/kubo-rpc.ts'
import { startKuboKeeper } from './kubo/start-kubo-keeper.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { BackgroundWork } from './queue/background-work.ts'
import type { Keeper } from './queue/keeper.ts'
import { KeeperPresence, type Notice } from './queue/keeper-presence.ts'
import { PinQueue } from './queue/pin-queue.ts'
import { PIN_DATABASE } from './store/database-schema.ts'
import { describeHiddenPins } from './store/hidden-pins.ts'
import { PinStore } from './store/pin-store.ts'
import { CONFIGURED, configuredName, type HiddenPins, hashOf, TokenStore } from './store/token-store.ts'

/** Milliseconds for which SQLite waits for another process, such as `pinql token create`. */
const BLOCKING_WAIT_MS = 20

/** All options of the service, in a form that can be sent to its thread. */
export interface EmbeddedOptions {
  /** Address that HTTP listens on. */
  readonly host: string
  /** Port of HTTP. 0 for any free port. */
  readonly port: number
  /** Folder of the database and of the peer's key. */
  readonly dataDir: string
  /** Tokens that are valid while the service runs with them. Each has its own pins. */
  readonly tokens: readonly string[]
  /** Multiaddrs that the peer listens on. */
  readonly listen: readonly string[]
  readonly limits: Partial<Limits>
  /** Base URLs of trustless HTTP gateways that are asked besides the origins of a pin. */
  readonly gateways: readonly string[]
  /** Ranges in which origins may be dialled. Null for the default. */
  readonly dialRanges: readonly DialRange[] | null
  /** The Kubo daemon that fetches and keeps the content of pins. Null when the service does so itself. */
  readonly kubo: KuboAddress | null
  /** Multiaddrs that are given as delegates, in place of those that the peer finds out by itself. Default: none. */
  readonly announce?: readonly string[]
  /** Origins whose web pages may call the service. Default: none. */
  readonly corsOrigins?: readonly string[]
}

/** A service that runs in this thread. */
export interface EmbeddedInThread extends AsyncDisposable {
  readonly endpoint: string
  readonly peerId: string | null
  readonly addresses: readonly string[]
  /** The addresses that clients are given as delegates. */
  readonly delegates: readonly string[]
  /**
   * Stops all transfers for good, and queues their pins again before it returns. HTTP goes on. Whatever ends the service from now on
   * is no interruption of a pin.
   */
  stopTransfers(): void
}

/**
 * Starts the service in this thread: database, keeper, queue and HTTP, in that order. Disposing it stops the transfers first, and then
 * everything else in reverse order.
 *
 * @param report called with each failure that no client caused: of a request, of a pin, or of the collection of garbage
 * @param onNotice called when the keeper goes away, and when it is back
 * @param onRequest called with each request when it is over
 */
export async function startInThisThread(
  options: EmbeddedOptions,
  report: (error: unknown) => void,
  onNotice: (notice: Notice) => void = () => {},
  onRequest?: (line: RequestLine) => void,
): Promise<EmbeddedInThread> {
  const presence = new KeeperPresence(onNotice)
  const onError = (error: unknown): void => {
    if (!presence.take(error)) report(error)
  }
  const closers: (() => void | PromiseLike<void>)[] = []
  let stopTransfers = (): Promise<void> => Promise.resolve()
  const close = async (): Promise<void> => {
    // Not awaited here: a transfer of Kubo may end only when the keeper is disposed.
    void stopTransfers()
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
    const lock = await lockDirectory(options.dataDir)
    closers.push(() => lock[Symbol.dispose]())
    const database = await openDatabase(join(options.dataDir, 'pins.db'), PIN_DATABASE)
    closers.push(() => database.close())
    // Whatever waits for another process stops the whole thread. Requests and transfers are repeated instead.
    database.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`)
    const pins = new PinStore(database)
    const tokens = new TokenStore(database)
    const configured = new Map(
      options.tokens.map((token) => [hashOf(token).toString('hex'), tokens.ownerOfConfigured(token)]),
    )

    const keeper = await startKeeper(options, {
      database,
      pins,
      limits,
      onQueued: () => queue.wake(),
      onAnswer: () => presence.answered(),
    })
    const collector = new BackgroundWork(() => keeper.collectSome(), onError)
    closers.push(async () => {
      // A collection or a transfer in flight may wait for Kubo. Both end when the keeper is disposed.
      const ended = Promise.all([collector.stop(), stopTransfers()])
      await keeper[Symbol.asyncDispose]()
      await ended
    })
    const queue = new PinQueue({ pins, keeper, limits, onSettled: () => collector.wake(), onError })
    stopTransfers = () => queue.stop()
    const regramming = new BackgroundWork(() => pins.regramSome(), onError)
    closers.push(() => regramming.stop())

    const delegates = delegatesOf(keeper, options.announce ?? [])
    // An address that names another peer stops the start.
    delegates()

    const app = createApp({
      pins,
      limits,
      delegates,
      ownerOf: (token) => configured.get(hashOf(token).toString('hex')) ?? tokens.ownerOf(token),
      onAdded: () => queue.wake(),
      onRemoved: (pin) => {
        queue.cancel(pin.created)
        collector.wake()
      },
      progressOf: (pin) => queue.progressOf(pin.created),
      ...(options.corsOrigins && { corsOrigins: options.corsOrigins }),
      onError,
    })
    const server = await serveApp(app, { host: options.host, port: options.port, ...(onRequest && { onRequest }) })
    closers.push(() => server[Symbol.asyncDispose]())

    tellHiddenPins(tokens.hiddenPins([...configured.values()]), options, onNotice)
    pins.requeueInterrupted()
    collector.wake()
    queue.wake()
    regramming.wake()
    return {
      endpoint: server.endpoint,
      peerId: keeper.peerId,
      addresses: keeper.addresses,
      delegates: delegates(),
      stopTransfers: () => void queue.stop(),
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Tells the operator of pins that no token shows, such as those of a backup of a service with another token. */
function tellHiddenPins(
  hiddenPins: readonly HiddenPins[],
  { tokens, dataDir }: EmbeddedOptions,
  onNotice: (notice: Notice) => void,
): void {
  const [token, ...others] = tokens
  const to = token !== undefined && others.length === 0 ? configuredName(token) : null
  for (const hidden of hiddenPins) {
    // A revoked token may be meant to hide its pins.
    const level = hidden.owner.startsWith(CONFIGURED) ? 'warn' : 'info'
    onNotice({ level, message: describeHiddenPins(hidden, dataDir, to) })
  }
}

function startKeeper(
  { kubo, dataDir, host, listen, gateways, dialRanges }: EmbeddedOptions,
  parts: { database: Database; pins: PinStore; limits: Limits; onQueued: () => void; onAnswer: () => void },
): Promise<Keeper> {
  const bytesOf = (owner: number): number => parts.pins.usage(owner).bytes
  const rangesOf = (hosts: readonly string[]): readonly DialRange[] => dialRanges ?? defaultDialRanges(hosts)
  if (kubo) return startKuboKeeper({ ...parts, kubo, bytesOf, dialRanges: rangesOf([host]) })
  assertNoKubo(parts.database)
  const ranges = rangesOf([host, ...listen.map(listenHostOf)])
  return startBlockKeeper({ ...parts, dataDir, listen, gateways, bytesOf, dialRanges: ranges })
}

/** Returns a function that returns the delegates. Those of Kubo may change, and are found out anew then. */
function delegatesOf(keeper: Keeper, announced: readonly string[]): () => readonly string[] {
  let addresses: readonly string[] | null = null
  let delegates: readonly string[] = []
  return () => {
    if (keeper.addresses !== addresses) {
      addresses = keeper.addresses
      delegates = announced.length > 0 ? announcedDelegates(announced, keeper.peerId) : reachableAddresses(addresses)
    }
    return delegates
  }
}

function listenHostOf(address: string): string {
  return multiaddr(address).getComponents()[0]?.value ?? ''
}
