import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Message as ClientMessage, MessageType, type SubscribeMessage, validateMessage } from 'graphql-ws'
import type { RawData } from 'ws'
import { parseUntrustedJson } from '../../../domain/untrusted-json.ts'
import type { IdentifiedCaller } from '../../caller/caller.ts'
import { requestIdOf } from '../../http/request-id.ts'
import { capError } from '../connections/cap-error.ts'
import type { ConnectionTally } from '../connections/connection-caps.ts'
import type { Connection, ConnectionOwner, ConnectionParts } from '../connections/connection-parts.ts'
import type { KeptBytes } from '../connections/kept-bytes.ts'
import { Outbox, type OutboxOwner } from '../connections/outbox.ts'
import { CLOSE_REASONS, type CloseReason } from './close-reasons.ts'
import { Handshake, refusalOf } from './handshake.ts'
import type { ServedSocket, SocketListener } from './served-socket.ts'
import { SocketSubscriber, type SubscriberOwner } from './socket-subscriber.ts'
import { type ReadListener, SocketWire } from './socket-wire.ts'
import { textFrame } from './web-socket-frame.ts'

/** The protocol sets no maximum for the length of an id. Ids of stock clients have 36 characters. */
const MAX_ID_LENGTH = 256
/** Once more bytes wait in Node for a client, nothing more is read from it until they are sent. */
const MAX_UNTAKEN_BYTES = 32 * 1024

/**
 * One WebSocket that speaks graphql-transport-ws: does what each message of the client asks for, within the caps of its
 * tally.
 */
export class SocketConnection implements Connection, SocketListener, SubscriberOwner, ReadListener, OutboxOwner {
  readonly #ws: ServedSocket
  readonly #socket: Socket
  readonly #wire: SocketWire
  readonly #parts: ConnectionParts
  readonly #tally: ConnectionTally
  readonly #owner: ConnectionOwner
  readonly #outbox: Outbox
  readonly #requestId: string
  /** Operations in flight, by their ids. */
  readonly #subscribers = new Map<string, SocketSubscriber>()
  /** Null once the caller is known. */
  #handshake: Handshake | null
  #caller: IdentifiedCaller | null = null
  /** Messages that were read behind a long one, while that waits for its turn. Null in the usual case. */
  #behindLong: ClientMessage[] | null = null
  #isOpen = true
  #isGoingAway = false

  /** @param request the upgrade request. Its tokens count unless `connection_init` has others. */
  constructor(
    ws: ServedSocket,
    request: IncomingMessage,
    options: { head: Buffer; parts: ConnectionParts; tally: ConnectionTally; owner: ConnectionOwner },
  ) {
    const { head, parts, tally, owner } = options
    this.#ws = ws
    this.#socket = request.socket
    this.#parts = parts
    this.#tally = tally
    this.#owner = owner
    this.#requestId = flat(requestIdOf(request.headers['x-request-id']))
    this.#wire = new SocketWire(ws, request.socket, { head, listener: this, clock: parts.clock })
    this.#outbox = new Outbox(this.#wire, this)
    this.#handshake = new Handshake(request.headers, () => this.#close(CLOSE_REASONS.initTimeout))
    ws.listen(this)
    owner.opened(this)
  }

  get unreadSince(): number | null {
    return this.#wire.pingedAt
  }

  get unreadBytes(): number {
    return this.#wire.aheadBytes
  }

  received(data: RawData, isBinary: boolean): void {
    if (!this.#isOpen) return
    const message = isBinary ? null : parse(data)
    if (!message) this.#close(CLOSE_REASONS.badMessage)
    else if (this.#behindLong) this.#behindLong.push(message)
    else {
      const turn = this.#parts.messageTurns.next(bytesIn(data))
      if (turn === undefined) this.#takeOrHold(message)
      else this.#takeInTurn(message, turn).catch((err: unknown) => this.threw(err))
    }
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

  threw(err: unknown): void {
    this.#parts.log.error({ err, requestId: this.#requestId }, 'Unexpected error')
    this.#close(CLOSE_REASONS.badMessage)
  }

  closed(): void {
    this.#release()
    this.#tally.close()
    this.#owner.closed(this)
  }

  ended(id: string): void {
    const subscriber = this.#subscribers.get(id)
    if (!subscriber) return
    this.#subscribers.delete(id)
    this.#tally.end()
    subscriber.stop()
    if (this.#isGoingAway) this.goAway()
  }

  refused(): void {
    this.#close(CLOSE_REASONS.tokenRefused)
  }

  visible(error: unknown): unknown {
    return this.#parts.operations.visible(error, this.#requestId)
  }

  get kept(): KeptBytes {
    return this.#parts.kept
  }

  overflowed(): void {
    this.#close(CLOSE_REASONS.stalled)
  }

  beat(): void {
    this.#wire.ping()
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

  /** Takes a message when its turn has come. Meanwhile, no more are read. */
  async #takeInTurn(message: ClientMessage, turn: Promise<void>): Promise<void> {
    const messages = [message]
    this.#behindLong = messages
    this.#ws.pause()
    await turn
    this.#behindLong = null
    for (const each of messages) if (this.#isOpen) this.#takeOrHold(each)
    // While it is found out who calls, nothing is read either.
    if (!this.#handshake?.hasBegun) this.#ws.resume()
  }

  /** Takes a message, or holds it until the caller is known. */
  #takeOrHold(message: ClientMessage): void {
    if (this.#handshake?.hasBegun) this.#handshake.hold(message)
    else this.#take(message)
  }

  #take(message: ClientMessage): void {
    const reason = this.#handle(message)
    if (reason) this.#close(reason)
  }

  /** Does what a message asks for. Returns a reason when the message ends the connection. */
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
    if (!this.#handshake) return CLOSE_REASONS.secondInit
    void this.#identify(this.#handshake, params)
    return null
  }

  /** Finds out who calls. Meanwhile, messages that were read already are held, and no more are read. */
  async #identify(handshake: Handshake, connectionParams: Readonly<Record<string, unknown>>): Promise<void> {
    this.#ws.pause()
    let caller: IdentifiedCaller
    try {
      caller = await handshake.identify(this.#parts.identify, connectionParams)
    } catch (err) {
      const reason = refusalOf(err)
      if (!reason) this.#parts.log.error({ err, requestId: this.#requestId }, 'Unexpected error')
      this.#close(reason ?? CLOSE_REASONS.callerUnknown)
      return
    }
    if (!this.#isOpen) return
    if (!this.#tally.enter(caller.key)) {
      this.#close(CLOSE_REASONS.tooMany)
      return
    }
    this.#caller = caller
    this.#handshake = null
    this.#ws.resume()
    this.#send(`{"type":"${MessageType.ConnectionAck}"}`)
    for (const message of handshake.held) if (this.#isOpen) this.#take(message)
  }

  #subscribe({ id, payload }: SubscribeMessage): CloseReason | null {
    if (!this.#caller) return CLOSE_REASONS.notInitialised
    if (id.length > MAX_ID_LENGTH) return CLOSE_REASONS.badMessage
    if (this.#subscribers.has(id)) return CLOSE_REASONS.sameId
    // The operation would be cut off. The client asks again on its next connection.
    if (this.#isGoingAway) return null
    const exceeded = this.#tally.begin()
    if (exceeded) {
      const error = JSON.stringify([capError(exceeded)])
      this.#send(`{"id":${JSON.stringify(id)},"type":"${MessageType.Error}","payload":${error}}`)
      return null
    }
    const { operations } = this.#parts
    const subscriber = new SocketSubscriber(id, this.#outbox, this)
    this.#subscribers.set(id, subscriber)
    const request = { ...payload, wantsCost: payload.extensions?.cost === true }
    const requester = { caller: this.#caller, requestId: this.#requestId, address: this.#tally.address }
    subscriber.operation = operations.start(request, requester, subscriber)
    return null
  }

  /**
   * Sends a frame at once, whatever the client has read. A client that causes many of these and reads none is not read from
   * until they are sent.
   */
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
    // The answer to the close must be read.
    this.#ws.resume()
  }

  /** Stops all operations, and lets go of everything but the socket itself. */
  #release(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#handshake?.cancel()
    this.#handshake = null
    const subscribers = [...this.#subscribers.values()]
    this.#subscribers.clear()
    for (const subscriber of subscribers) subscriber.stop()
    this.#outbox.close()
  }
}

/** Copies a text into one piece of memory: a UUID of Node's is a tree of a dozen pieces, which take half a kilobyte. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

function bytesIn(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength
}

function parse(data: RawData): ClientMessage | null {
  try {
    return validateMessage(parseUntrustedJson(data.toString()))
  } catch {
    return null
  }
}
