import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Faults of the bytes in one direction. Absent: none. */
export interface DirectionFaults {
  /** Every byte arrives this much later, give or take up to `jitterMs`; the order stays. */
  readonly latency?: { readonly ms: number; readonly jitterMs?: number }
  readonly bandwidth?: { readonly bytesPerSecond: number }
  /** The end of the stream is passed on this much later. */
  readonly slowClose?: { readonly delayMs: number }
  /** No byte passes any more, and the connection closes after `afterMs`; 0: never, a black hole. */
  readonly timeout?: { readonly afterMs: number }
  /** Pieces of about `averageBytes`, give or take `variationBytes`, `delayMs` apart. */
  readonly slicer?: { readonly averageBytes: number; readonly variationBytes?: number; readonly delayMs?: number }
  /** The connection closes when it has carried this many bytes. */
  readonly limitData?: { readonly bytes: number }
}

/** Toxiproxy's faults; its eighth, a service that is down, is `down()`. */
export interface Faults {
  /** From the client to the service. */
  readonly upstream?: DirectionFaults
  /** From the service to the client. */
  readonly downstream?: DirectionFaults
  /** Resets both sides of every connection, `afterMs` after it was made or the fault was set; 0: before any byte passes. */
  readonly resetPeer?: { readonly afterMs: number }
}

export interface FaultProxy extends AsyncDisposable {
  /** The target's URL with the proxy in place of its host. */
  readonly endpoint: string
  /** Connections that are open now. */
  readonly connections: number
  /** Replaces all faults, for the connections that are open, too. */
  set(faults: Faults): void
  /** Ends all faults. Swallowed bytes stay lost. */
  clear(): void
  /** Closes all connections and refuses new ones. */
  down(): Promise<void>
  /** Listens again, on the same port. */
  up(): Promise<void>
}

/**
 * Starts a TCP proxy on 127.0.0.1 in front of a service.
 *
 * @param target the service's base URL; its path is kept in `endpoint`
 * @param options.seed of the sizes and delays that vary; the same seed gives the same run. Default 1
 * @see https://github.com/Shopify/toxiproxy#toxics
 */
export async function startFaultProxy(target: string, options: { seed?: number } = {}): Promise<FaultProxy> {
  const { hostname, port: targetPort } = new URL(target)
  const around = seededSpread(options.seed ?? 1)
  const links = new Set<Link>()
  let faults: Faults = {}

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const service = connect({ host: hostname, port: Number(targetPort), allowHalfOpen: true })
    const link = new Link(client, service, () => faults, around)
    links.add(link)
    link.closed.addEventListener('abort', () => links.delete(link))
  })
  async function listen(port: number): Promise<void> {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo

  async function down(): Promise<void> {
    const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : null
    for (const link of links) link.destroy()
    await closed
  }

  function set(next: Faults): void {
    faults = next
    for (const link of links) link.startTimers()
  }

  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return {
    endpoint: url.href.replace(/\/$/, ''),
    get connections() {
      return links.size
    },
    set,
    clear: () => set({}),
    down,
    up: () => listen(port),
    [Symbol.asyncDispose]: down,
  }
}

/** Draws from `average ± variation`. */
type Spread = (average: number, variation?: number) => number

/** Most bytes held for one direction before its source is paused. */
const BACKLOG_BYTES = 1 << 20

/** One client's connection and the one made for it, with all of their timers. */
class Link {
  readonly #client: Socket
  readonly #service: Socket
  readonly #faults: () => Faults
  readonly #around: Spread
  readonly #closing = new AbortController()
  #timers: NodeJS.Timeout[] = []

  constructor(client: Socket, service: Socket, faults: () => Faults, around: Spread) {
    this.#client = client
    this.#service = service
    this.#faults = faults
    this.#around = around
    this.#pipe(client, service, () => this.#faults().upstream ?? {})
    this.#pipe(service, client, () => this.#faults().downstream ?? {})
    this.startTimers()
  }

  /** Aborted as soon as the link is no more. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** Starts, or starts anew, the clocks of the faults that end a connection. */
  startTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    const { upstream, downstream, resetPeer } = this.#faults()
    this.#timers = [upstream?.timeout, downstream?.timeout]
      .filter((timeout) => timeout !== undefined && timeout.afterMs > 0)
      .map((timeout) => setTimeout(() => this.destroy(), timeout?.afterMs))
    if (resetPeer) this.#timers.push(setTimeout(() => this.#reset(), resetPeer.afterMs))
  }

  destroy(): void {
    this.#end()
    this.#client.destroy()
    this.#service.destroy()
  }

  #reset(): void {
    this.#end()
    this.#client.resetAndDestroy()
    this.#service.resetAndDestroy()
  }

  #end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#closing.abort()
  }

  #pipe(source: Socket, sink: Socket, faults: () => DirectionFaults): void {
    let backlog = 0
    let sent = 0
    let queue = Promise.resolve()
    const enqueue = (task: () => Promise<void>) => {
      queue = queue.then(task).catch((error: unknown) => {
        if (!this.closed.aborted) throw error
      })
    }

    const send = async (bytes: Buffer): Promise<void> => {
      const { limitData } = faults()
      const allowed = limitData ? Math.max(0, limitData.bytes - sent) : bytes.length
      sent += bytes.length
      await new Promise((resolve) => sink.write(bytes.subarray(0, allowed), resolve))
      if (limitData && sent >= limitData.bytes) this.destroy()
    }

    source.on('data', (bytes: Buffer) => {
      const arrivedAt = performance.now()
      backlog += bytes.length
      if (backlog > BACKLOG_BYTES) source.pause()
      enqueue(async () => {
        await this.#forward(bytes, arrivedAt, faults, send)
        backlog -= bytes.length
        if (backlog <= BACKLOG_BYTES) source.resume()
      })
    })
    source.on('end', () =>
      enqueue(async () => {
        await this.#wait(faults().slowClose?.delayMs ?? 0)
        sink.end()
      }),
    )
    // A side that breaks, rather than ends, breaks the other one.
    source.on('error', () => this.#reset())
    source.on('close', () => {
      if (this.#client.destroyed && this.#service.destroyed) this.#end()
    })
  }

  async #forward(
    bytes: Buffer,
    arrivedAt: number,
    faults: () => DirectionFaults,
    send: (bytes: Buffer) => Promise<void>,
  ): Promise<void> {
    // The timer may come later than a quick answer.
    if (this.#faults().resetPeer?.afterMs === 0) this.#reset()
    const { latency } = faults()
    if (latency) await this.#wait(arrivedAt + this.#around(latency.ms, latency.jitterMs) - performance.now())
    let rest = bytes
    while (rest.length > 0 && !faults().timeout && !this.closed.aborted) {
      const { slicer, bandwidth } = faults()
      const size = Math.min(
        slicer ? Math.max(1, Math.round(this.#around(slicer.averageBytes, slicer.variationBytes))) : rest.length,
        // A tenth of a second's worth, so that a slow stream flows instead of jumping.
        bandwidth ? Math.max(1, Math.floor(bandwidth.bytesPerSecond / 10)) : rest.length,
        rest.length,
      )
      if (bandwidth) await this.#wait((size / bandwidth.bytesPerSecond) * 1000)
      await send(rest.subarray(0, size))
      rest = rest.subarray(size)
      if (rest.length > 0) await this.#wait(slicer?.delayMs ?? 0)
    }
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.closed })
  }
}

/** The generator Mulberry32: varied, and always alike. */
function seededSpread(seed: number): Spread {
  let state = seed
  return (average, variation = 0) => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    const fraction = ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
    return Math.max(0, average + (fraction * 2 - 1) * variation)
  }
}
