import type { DialRange } from './fetch/dial-policy.ts'
import type { RequestLine } from './http/watch-requests.ts'
import type { KuboAddress } from './kubo/kubo-rpc.ts'
import type { Limits } from './limits.ts'
import type { Notice } from './queue/keeper-presence.ts'
import { startWorker } from './start-worker.ts'
import type { WorkerCommand, WorkerData, WorkerMessage } from './worker.ts'

const STOP_TIMEOUT_MS = 8_000

export interface PinningServiceOptions {
  /** Address that HTTP listens on. Default 127.0.0.1. */
  readonly host?: string
  /** Port of HTTP. 0, the default, for any free port. */
  readonly port?: number
  /** Folder of the database and the peer's key. Created where it is missing. */
  readonly dataDir: string
  /** Tokens that are valid while the service runs, besides those of the database. Each has its own pins. */
  readonly tokens: readonly string[]
  /** Multiaddrs that the libp2p peer listens on. Default: any port on loopback. */
  readonly listen?: readonly string[]
  /**
   * Ranges in which origins may be dialled. Default: all ranges when HTTP and the peer listen on loopback only, else
   * `public` alone.
   */
  readonly dialRanges?: readonly DialRange[]
  /** Base URLs of trustless HTTP gateways that are asked besides the origins of a pin. Default: none. */
  readonly gateways?: readonly string[]
  /**
   * A Kubo daemon that fetches and keeps the content of pins. The service then has no peer and no blocks of its own, and
   * ignores `listen` and `gateways`. Default: none.
   */
  readonly kubo?: KuboAddress
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<Limits>
  /** Called with each failure that no client caused: text with a stack, for a log. */
  readonly onError?: (message: string) => void
  /**
   * Multiaddrs that clients are given as delegates, in place of those that the peer finds out by itself. `/p2p/{peerId}` is appended where it
   * is missing. Default: none.
   */
  readonly announce?: readonly string[]
  /** Origins whose web pages may call the service, as in the gateway's setting `corsOrigins`. Default: none. */
  readonly corsOrigins?: readonly string[]
  /** Called with each request when it is over, for a log. Default: requests are not reported. */
  readonly onRequest?: (line: RequestLine) => void
  /** Called when Kubo goes away, and when it is back. */
  readonly onNotice?: (notice: Notice) => void
}

/** The embedded service in a thread of its own. Disposing it ends transfers and requests in order, within 8 s. */
export interface RunningPinningService extends AsyncDisposable {
  /** Base URL without a trailing slash. The Pinning Service API is at `{endpoint}/pins`. */
  readonly endpoint: string
  /** Its libp2p peer, or that of Kubo. Null when Kubo was away while the service started. */
  readonly peerId: string | null
  /** Multiaddrs of that peer, each with `/p2p/{peerId}`. */
  readonly addresses: readonly string[]
  /** The addresses that clients are given as delegates. Empty when Kubo was away while the service started. */
  readonly delegates: readonly string[]
  /** Resolves when the service is disposed. Rejects when its thread ends by itself. The rejection may stay unhandled. */
  readonly closed: Promise<void>
  /**
   * Stops all transfers for good, while HTTP goes on. For a stop that takes its time: a process that is killed meanwhile interrupts no
   * pin.
   */
  stopTransfers(): void
}

/**
 * Starts the embedded service in a worker thread, so that fetching and hashing never block this thread.
 *
 * @throws {Error} when the service cannot start: a folder without write access, a port in use, a database of a newer version
 */
export async function startPinningService(options: PinningServiceOptions): Promise<RunningPinningService> {
  const workerData: WorkerData = {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    dataDir: options.dataDir,
    tokens: options.tokens,
    listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'],
    limits: options.limits ?? {},
    gateways: (options.gateways ?? []).map((url) => url.replace(/\/+$/, '')),
    dialRanges: options.dialRanges ?? null,
    kubo: options.kubo ?? null,
    announce: options.announce ?? [],
    corsOrigins: options.corsOrigins ?? [],
    tellsRequests: options.onRequest !== undefined,
  }
  const worker = startWorker({ workerData, name: 'pinning-service' })
  let isStopping = false
  const closed = new Promise<void>((resolve, reject) => {
    worker.once('error', (cause) => reject(new Error('The pinning service crashed', { cause })))
    worker.once('exit', (code) => {
      if (isStopping) resolve()
      else reject(new Error(`The pinning service ended by itself with code ${code}`))
    })
  })
  closed.catch(() => {})

  const started = new Promise<Extract<WorkerMessage, { type: 'started' }>>((resolve, reject) => {
    closed.catch(reject)
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'started') resolve(message)
      else if (message.type === 'error') options.onError?.(message.message)
      else if (message.type === 'notice') options.onNotice?.(message.notice)
      else if (message.type === 'request') options.onRequest?.(message.request)
      else reject(new Error(`The pinning service cannot start: ${message.message}`))
    })
  })
  const { endpoint, peerId, addresses, delegates } = await started

  const command = (text: WorkerCommand): void => worker.postMessage(text)
  const stop = async (): Promise<void> => {
    if (!isStopping) command('stop')
    isStopping = true
    const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS)
    // When the thread ended by itself, `closed` has already reported it.
    await closed.catch(() => {})
    clearTimeout(timer)
  }
  const stopTransfers = (): void => command('stop transfers')
  return { endpoint, peerId, addresses, delegates, closed, stopTransfers, [Symbol.asyncDispose]: stop }
}
