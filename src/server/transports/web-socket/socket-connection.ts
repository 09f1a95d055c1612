import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Message as ClientMessage, MessageType, parseMessage, type SubscribeMessage } from 'graphql-ws'
import type { RawData } from 'ws'
import type { IdentifiedCaller } from '../../caller/caller.ts'
import { MalformedTokensError } from '../../caller/callers.ts'
import { UnauthenticatedError } from '../../caller/unauthenticated-error.ts'
import { requestIdOf } from '../../http/request-id.ts'
import { capError } from '../connections/cap-error.ts'
import type { ConnectionAccount } from '../connections/connection-caps.ts'
import type { Connection, ConnectionOwner, ConnectionParts } from '../connections/connection-parts.ts'
import { Outbox } from '../connections/outbox.ts'
import { CLOSE_REASONS, type CloseReason } from './close-reasons.ts'
import type { ServedSocket, SocketListener } from './served-socket.ts'
import { SocketSubscriber, type SubscriberOwner } from './socket-subscriber.ts'
import { type ReadListener, SocketWire } from './socket-wire.ts'
import { textFrame } from './web-socket-frame.ts'

/** The protocol demands unique ids and no length; a stock client's have 36 characters. */
const MAX_ID_LENGTH = 256
/** For as long, a client may stay silent after it has connected. */
const INIT_TIMEOUT_MS = 3_000
/** Of what must not wait, so much may lie here untaken. */
const MAX_UNTAKEN_BYTES = 32 * 1024

/** One WebSocket that speaks graphql-transport-ws. */
export class SocketConnection implements Connection, SocketListener, SubscriberOwner, ReadListener {
  readonly #ws: ServedSocket
  readonly #socket: Socket
  readonly #wire: SocketWire
  readonly #parts: ConnectionParts
  readonly #account: ConnectionAccount
  readonly #owner: ConnectionOwner
  readonly #outbox: Outbox
  readonly #requestId: string
  /** Operations under way, by their ids. */
  readonly #subscribers = new Map<string, SocketSubscriber>()
  /** Of the upgrade, until it is known who calls. */
  #headers: IncomingHttpHeaders | null
  #caller: IdentifiedCaller | null = null
  /** Messages that came while it was found out who calls; null before and after. */
  #held: ClientMessage[] | null = null
  #initTimer: NodeJS.Timeout | null
  #isInitialised = false
  #isOpen = true
  #isGoingAway = false

  /** @param request asked for the upgrade; its tokens count unless `connection_init` brings others */
  constructor(
    ws: ServedSocket,
    request: IncomingMessage,
    options: { head: Buffer; parts: ConnectionParts; account: ConnectionAccount; owner: ConnectionOwner },
  ) {
    const { head, parts, account, owner } = options
    this.#ws = ws
    this.#socket = request.socket
    this.#parts = parts
    this.#account = account
    this.#headers = request.headers
    this.#owner = owner
    this.#requestId = flat(requestIdOf(request.headers['x-request-id']))
    this.#wire = new SocketWire(ws, request.socket, { head, listener: this })
    this.#outbox = new Outbox(this.#wire)
    this.#initTimer = setTimeout(() => this.#close(CLOSE_REASONS.initTimeout), INIT_TIMEOUT_MS)
    ws.listen(this)
    owner.opened(this)
  }

  get unreadSince(): number | null {
    return this.#wire.askedAt
  }

  get unreadBytes(): number {
    return this.#wire.aheadBytes
  }

  received(data: RawData, isBinary: boolean): void {
    if (!this.#isOpen) return
    const message = isBinary ? null : parse(data)
    if (!message) this.#close(CLOSE_REASONS.badMessage)
    else if (this.#held) this.#held.push(message)
    else this.#take(message)
  }

  ponged(payload: Buffer): void {
    this.#wire.ponged(payload)
  }

  caughtUp(): void {
    if (!this.#wire.isFull) this.#outbox.drained()
  }

  failed(err: Error): void {
    this.#parts.log.debug({ err, requestId: this.#requestId }, 'WebSocket error')
  }

  closed(): void {
    this.#release()
    this.#account.close()
    this.#owner.closed(this)
  }

  ended(id: string): void {
    const subscriber = this.#subscribers.get(id)
    if (!subscriber) return
    this.#subscribers.delete(id)
    this.#account.end()
    subscriber.stop()
    if (this.#isGoingAway) this.goAway()
  }

  refused(): void {
    this.#close(CLOSE_REASONS.tokenRefused)
  }

  visible(error: unknown): unknown {
    return this.#parts.operations.visible(error, this.#requestId)
  }

  beat(): void {
    this.#wire.ask()
  }

  stall(): void {
    this.#close(CLOSE_REASONS.stalled)
  }

  goAway(): void {
    this.#isGoingAway = true
    const isBusy = [...this.#subscribers.values()].some(({ operation }) => operation?.type !== 'subscription')
    if (!isBusy) this.#close(CLOSE_REASONS.goingAway)
  }

  terminate(): void {
    this.#release()
    this.#ws.terminate()
  }

  #take(message: ClientMessage): void {
    const reason = this.#handle(message)
    if (reason) this.#close(reason)
  }

  /** Does what a message asks for, or says why it ends the connection. */
  #handle(message: ClientMessage): CloseReason | null {
    switch (message.type) {
      case MessageType.ConnectionInit:
        return this.#initialise(message.payload ?? {})
      case MessageType.Ping:
        this.#send(JSON.stringify({ ...message, type: MessageType.Pong }))
        return null
      case MessageType.Pong:
        return null
      case MessageType.Subscribe:
        return this.#subscribe(message)
      case MessageType.Complete:
        this.ended(message.id)
        return null
      default:
        return CLOSE_REASONS.badMessage
    }
  }

  #initialise(params: Readonly<Record<string, unknown>>): CloseReason | null {
    if (this.#isInitialised) return CLOSE_REASONS.secondInit
    this.#isInitialised = true
    this.#clearInitTimer()
    this.#held = []
    void this.#identify(params)
    return null
  }

  /** Finds out who calls; what else comes waits for that, and no more is read than has come with it. */
  async #identify(connectionParams: Readonly<Record<string, unknown>>): Promise<void> {
    this.#ws.pause()
    const headers = this.#headers ?? {}
    this.#headers = null
    let caller: IdentifiedCaller
    try {
      caller = await this.#parts.identify({ headers, connectionParams })
    } catch (error) {
      this.#close(this.#reasonOf(error))
      return
    }
    if (!this.#isOpen) return
    this.#caller = caller
    if (!this.#account.enter(caller.key)) {
      this.#close(CLOSE_REASONS.tooMany)
      return
    }
    this.#ws.resume()
    this.#send(`{"type":"${MessageType.ConnectionAck}"}`)
    const held = this.#held ?? []
    this.#held = null
    for (const message of held) if (this.#isOpen) this.#take(message)
  }

  /** Says why a socket is closed whose caller is not served. What is no refusal is logged. */
  #reasonOf(error: unknown): CloseReason {
    if (error instanceof MalformedTokensError) return CLOSE_REASONS.badTokens
    if (error instanceof UnauthenticatedError) return CLOSE_REASONS.callerRefused
    this.#parts.log.error({ err: error, requestId: this.#requestId }, 'Unexpected error')
    return CLOSE_REASONS.callerUnknown
  }

  #subscribe({ id, payload }: SubscribeMessage): CloseReason | null {
    if (!this.#isInitialised) return CLOSE_REASONS.notInitialised
    if (id.length > MAX_ID_LENGTH) return CLOSE_REASONS.badMessage
    if (this.#subscribers.has(id)) return CLOSE_REASONS.sameId
    // What is begun now would be cut off; a client takes it along to where it connects next.
    if (this.#isGoingAway) return null
    const exceeded = this.#account.begin()
    if (exceeded) {
      const error = JSON.stringify([capError(exceeded)])
      this.#send(`{"id":${JSON.stringify(id)},"type":"${MessageType.Error}","payload":${error}}`)
      return null
    }
    const { operations } = this.#parts
    const caller = this.#caller as IdentifiedCaller
    const subscriber = new SocketSubscriber(id, this.#outbox, this)
    this.#subscribers.set(id, subscriber)
    subscriber.operation = operations.start(payload, { caller, requestId: this.#requestId }, subscriber)
    return null
  }

  /** Sends what must not wait, and listens no more to who asks for much of it without taking it. */
  #send(text: string): void {
    this.#outbox.send(textFrame(Buffer.from(text)))
    const { writableNeedDrain, writableLength } = this.#socket
    // Node's own mark, below which no `drain` comes, is 16 KB or 64 KB.
    if (this.#ws.isPaused || !writableNeedDrain || writableLength <= MAX_UNTAKEN_BYTES) return
    this.#ws.pause()
    this.#socket.once('drain', () => this.#ws.resume())
  }

  #close([code, reason]: CloseReason): void {
    if (!this.#isOpen) return
    this.#release()
    this.#ws.close(code, reason)
    // To hear that the other side has understood.
    this.#ws.resume()
  }

  /** Lets go of everything but the socket itself. */
  #release(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#clearInitTimer()
    const subscribers = [...this.#subscribers.values()]
    this.#subscribers.clear()
    for (const subscriber of subscribers) subscriber.stop()
    this.#outbox.close()
  }

  #clearInitTimer(): void {
    if (this.#initTimer) clearTimeout(this.#initTimer)
    this.#initTimer = null
  }
}

/** The same text in one piece of memory: a UUID of Node's is a tree of a dozen pieces, which take half a kilobyte. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

function parse(data: RawData): ClientMessage | null {
  try {
    return parseMessage(data.toString())
  } catch {
    return null
  }
}
