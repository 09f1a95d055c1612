import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientAddresses } from './client-address.ts'
import { Line, LinePlace } from './line.ts'

export interface HttpConnectionLimits {
  readonly maxHttpConnections: number
  readonly maxHttpConnectionsPerAddress: number
}

/** One open connection. */
interface Tracked {
  readonly group: Group
  /** Its places among those that wait for a request: of all addresses, and of its own. */
  readonly place: LinePlace<Socket>
  readonly placeInGroup: LinePlace<Socket>
  /** Requests in flight. If there are several, the client sends them without waiting for the answers (pipelining). */
  requests: number
  /** The last request. Null between requests. */
  last: IncomingMessage | null
  /** Time since which it waits for a request, or at which the last one began. */
  since: number
}

/** Connections of one address. */
interface Group {
  readonly key: string
  readonly limit: number
  open: number
  /** Those that wait for a request, in the order in which they began to wait. */
  readonly idle: Line<Socket>
}

/** Requests of one connection that may be in flight. Clients that pipeline at all send a few. */
const MAX_PIPELINED = 100
/** A connection that waits for its request for less time is closed only when there are twice as many as may be. */
const GRACE_MS = 1_000
/** A body that has not come after this time is slow enough that its connection may be closed in favour of a new one. */
const SLOW_BODY_MS = 2_000
/** After no slow body was found, none is looked for during this time: the search looks at all connections. */
const RESCAN_MS = 100
/** A client that was shut out gets so long to take the answer. */
const LINGER_MS = 1_000
/** Clients that may take their answer at a time. Further ones are closed at once. */
const MAX_LINGERING = 1_000

const SHUT_OUT_BODY = `${JSON.stringify({
  errors: [{ message: 'Too many connections, try again later', extensions: { code: 'TOO_MANY_CONNECTIONS' } }],
})}\n`
const SHUT_OUT =
  'HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n' +
  `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(SHUT_OUT_BODY)}\r\n\r\n${SHUT_OUT_BODY}`

/**
 * Keeps the number of HTTP connections below its limits, in all and per address. WebSockets and event streams leave: they have limits
 * of their own.
 *
 * At a limit, a new client takes the place of the connection that has waited longest for its own client: one without a request, or
 * one whose body does not come. So idle connections, and heads and bodies that are sent a byte at a time, shut nobody out. If the gateway
 * owes an answer on all connections, the new client gets status 503.
 *
 * When many clients come at once, as after a restart, their requests are still on the way. So for a second after it was opened or
 * answered, a connection gives way only when there are twice as many as may be.
 */
export class HttpConnections {
  readonly #limits: HttpConnectionLimits
  readonly #addresses: ClientAddresses
  readonly #tracked = new Map<Socket, Tracked>()
  readonly #groups = new Map<string, Group>()
  readonly #idle = new Line<Socket>()
  /** Connections whose end is listened for. */
  readonly #followed = new WeakSet<Socket>()
  #noneSlowUntil = 0
  #lingering = 0

  constructor(limits: HttpConnectionLimits, addresses: ClientAddresses) {
    this.#limits = limits
    this.#addresses = addresses
  }

  /** Number of connections that count. */
  get size(): number {
    return this.#tracked.size
  }

  /** Counts a new connection. Returns false for one that must not be served: it gets status 503. */
  admit(socket: Socket): boolean {
    if (this.#tracked.has(socket)) return true
    const group = this.#groupOf(socket)
    const ofGroup = { open: () => group.open, limit: group.limit, idle: group.idle }
    const ofAll = { open: () => this.#tracked.size, limit: this.#limits.maxHttpConnections, idle: this.#idle }
    if (this.#hasRoom(ofGroup, (each) => each.group === group) && this.#hasRoom(ofAll, () => true)) {
      this.#track(socket, group)
      return true
    }
    this.#shutOut(socket)
    return false
  }

  /**
   * Closes a connection on which too many requests are in flight: one read of it may bring thousands, which are all begun in one turn of
   * the event loop. Returns false in the usual case.
   */
  closeIfFull(socket: Socket): boolean {
    if (socket.destroyed) return true
    if ((this.#tracked.get(socket)?.requests ?? 0) < MAX_PIPELINED) return false
    socket.destroy()
    return true
  }

  /** Notes that a request has begun. A connection that had left counts again. */
  began(req: IncomingMessage): void {
    const { socket } = req
    const tracked = this.#tracked.get(socket) ?? this.#track(socket, this.#groupOf(socket))
    tracked.requests++
    tracked.last = req
    tracked.since = performance.now()
    tracked.place.leave()
    tracked.placeInGroup.leave()
  }

  /** Notes that a request of the connection has been answered. */
  ended(socket: Socket): void {
    if (socket.destroyed) return
    // The answer may have been an event stream, for which the connection had left.
    const tracked = this.#tracked.get(socket) ?? this.#track(socket, this.#groupOf(socket))
    if (--tracked.requests > 0) return
    tracked.requests = 0
    tracked.last = null
    this.#wait(tracked)
  }

  /** Stops counting a connection: it has become a WebSocket or an event stream, or is closed. */
  release(socket: Socket): void {
    const tracked = this.#tracked.get(socket)
    if (!tracked) return
    const { group, place, placeInGroup } = tracked
    this.#tracked.delete(socket)
    place.leave()
    placeInGroup.leave()
    if (--group.open === 0) this.#groups.delete(group.key)
  }

  #groupOf(socket: Socket): Group {
    const isProxy = this.#addresses.isProxy(socket.remoteAddress)
    const key = this.#addresses.ofSocket(socket)
    const limit = isProxy ? Number.POSITIVE_INFINITY : this.#limits.maxHttpConnectionsPerAddress
    return this.#groups.get(key) ?? { key, limit, open: 0, idle: new Line() }
  }

  #track(socket: Socket, group: Group): Tracked {
    const places = { place: new LinePlace(socket), placeInGroup: new LinePlace(socket) }
    const tracked: Tracked = { group, ...places, requests: 0, last: null, since: 0 }
    this.#groups.set(group.key, group)
    group.open++
    this.#tracked.set(socket, tracked)
    this.#wait(tracked)
    if (!this.#followed.has(socket)) {
      this.#followed.add(socket)
      socket.once('close', () => this.release(socket))
    }
    return tracked
  }

  #wait(tracked: Tracked): void {
    tracked.since = performance.now()
    this.#idle.join(tracked.place)
    tracked.group.idle.join(tracked.placeInGroup)
  }

  /** Closes connections until there is room for one more. Returns false when there is none. */
  #hasRoom(
    { open, limit, idle }: { open: () => number; limit: number; idle: Line<Socket> },
    isEligible: (tracked: Tracked) => boolean,
  ): boolean {
    while (open() >= limit) {
      const oldest = idle.first
      const waitedMs = oldest ? performance.now() - (this.#tracked.get(oldest)?.since ?? 0) : GRACE_MS
      if (waitedMs < GRACE_MS && open() < 2 * limit) return true
      const found = oldest ?? this.#slowest(isEligible)
      if (!found) return false
      this.release(found)
      found.destroySoon()
    }
    return true
  }

  /** Returns a connection whose request has not come in whole for long. */
  #slowest(isEligible: (tracked: Tracked) => boolean): Socket | null {
    const now = performance.now()
    if (now < this.#noneSlowUntil) return null
    const latest = now - SLOW_BODY_MS
    for (const [socket, tracked] of this.#tracked) {
      const { last, since } = tracked
      if (last && !last.complete && since < latest && isEligible(tracked)) return socket
    }
    this.#noneSlowUntil = now + RESCAN_MS
    return null
  }

  /** Answers 503, and reads on until the client has closed its side: it would lose the answer otherwise. */
  #shutOut(socket: Socket): void {
    socket.on('error', () => {})
    if (this.#lingering >= MAX_LINGERING) {
      socket.destroy()
      return
    }
    this.#lingering++
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#lingering--
    })
    socket.resume().end(SHUT_OUT)
  }
}
