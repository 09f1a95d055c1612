import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Message as ClientMessage, MessageType, type SubscribeMessage } from 'graphql-ws'
import type { RawData } from 'ws'
import type { IdentifiedCaller } from '../../caller/caller.ts'
import { checkOperationRequest } from '../../graphql/operation-request.ts'
import { requestIdOf } from '../../http/request-id.ts'
import { capError } from '../connections/cap-error.ts'
import type { ConnectionTally } from '../connections/connection-caps.ts'
import type { Connection, ConnectionOwner, ConnectionParts } from '../connections/connection-parts.ts'
import type { KeptBytes } from '../connections/kept-bytes.ts'
import { Outbox, type OutboxOwner } from '../connections/outbox.ts'
import { bytesIn, parseClientMessage } from './client-message.ts'
import { CLOSE_REASONS, type CloseReason } from './close-reasons.ts'
import { Handshake, refusalOf } from './handshake.ts'
import type { ServedSocket, SocketListener } from './served-socket.ts'
import { countedOf, SocketRoom } from './socket-room.ts'
import { SocketSubscriber, type SubscriberOwner } from './socket-subscriber.ts'
import { type ReadListener, SocketWire } from './socket-wire.ts'
import { textFrame } from './web-socket-frame.ts'

/** The protocol sets no maximum for the length of an id. Ids of stock clients have 36 characters. */
const MAX_OPERATION_ID_LENGTH = 256
/** Once more bytes wait in Node for a client, nothing more is read from it until they are sent. */
const MAX_UNTAKEN_BYTES = 32 * 1024

/** A message that waits behind another one. */
interface HeldMessage {
  readonly message: ClientMessage
  readonly bytes: number
}

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
  /** Messages that were read behind one that is still taken. Null in the usual case. */
  #held: HeldMessage[] | null = null
  readonly #room: SocketRoom
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
    this.#room = new SocketRoom(parts.room, tally.address, () => this.#lostRoom())
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
    const message = isBinary ? null : parseClientMessage(data)
    if (!message) this.#close(CLOSE_REASONS.badMessage)
    else if (this.#held) this.#hold(this.#held, message, bytesIn(data))
    else {
      const bytes = bytesIn(data)
      const turn = this.#parts.messageTurns.next(bytes)
      const wait = turn ?? this.#take(message, bytes)
      if (wait === undefined) return
      const held: HeldMessage[] = []
      if (turn !== undefined) this.#hold(held, message, bytes)
      this.#takeBehind(wait, held).catch((err: unknown) => this.threw(err))
    }
  }

  receiving(bytes: number): void {
    this.#room.receiving(bytes)
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
    this.#room.free(subscriber.bytes)
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

  /** Takes messages in their order, after a wait. Meanwhile, messages that were read already are held, and no more are read. */
  async #takeBehind(wait: Promise<void>, held: HeldMessage[]): Promise<void> {
    this.#held = held
    this.#ws.pause()
    await wait
    for (let next = held.shift(); next && this.#isOpen; next = held.shift()) {
      this.#room.handOver(countedOf(next.bytes))
      const identified = this.#take(next.message, next.bytes)
      if (identified !== undefined) await identified
      const turn = this.#parts.messageTurns.next(0)
      if (turn !== undefined) await turn
    }
    this.#held = null
    this.#room.settle()
    if (this.#isOpen && this.#isBackedUp) this.#readOnceSent()
    else this.#ws.resume()
  }

  #hold(held: HeldMessage[], message: ClientMessage, bytes: number): void {
    held.push({ message, bytes })
    this.#room.take(countedOf(bytes))
  }

  /** Does what a message asks for. Returns a promise while it is found out who calls. */
  #take(message: ClientMessage, bytes: number): Promise<void> | undefined {
    if (message.type === MessageType.ConnectionInit && this.#handshake) {
      return this.#identify(this.#handshake, message.payload ?? {})
    }
    const reason = this.#handle(message, bytes)
    if (reason) this.#close(reason)
    return undefined
  }

  /** Returns a reason when the message ends the connection. */
  #handle(message: ClientMessage, bytes: number): CloseReason | null {
    switch (message.type) {
      case MessageType.ConnectionInit:
        return CLOSE_REASONS.secondInit
      case MessageType.Ping:
        this.#send(JSON.stringify({ ...message, type: MessageType.Pong }))
        return null
      case MessageType.Pong:
        return null
      case MessageType.Subscribe:
        return this.#subscribe(message, bytes)
      case MessageType.Complete:
        this.ended(message.id)
        return null
      default:
        return CLOSE_REASONS.badMessage
    }
  }

  /** Finds out who calls, and closes the connection of a client that is not served. */
  async #identify(handshake: Handshake, connectionParams: Readonly<Record<string, unknown>>): Promise<void> {
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
    this.#send(`{"type":"${MessageType.ConnectionAck}"}`)
  }

  #subscribe({ id, payload }: SubscribeMessage, messageBytes: number): CloseReason | null {
    if (!this.#caller) return CLOSE_REASONS.notInitialised
    if (id.length > MAX_OPERATION_ID_LENGTH) return CLOSE_REASONS.badMessage
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
    const bytes = countedOf(messageBytes)
    const subscriber = new SocketSubscriber(id, this.#outbox, { owner: this, bytes })
    this.#subscribers.set(id, subscriber)
    this.#room.take(bytes)
    if (!this.#isOpen) return null
    const requester = { caller: this.#caller, requestId: this.#requestId, address: this.#tally.address }
    try {
      subscriber.operation = operations.start(checkOperationRequest(payload), requester, subscriber)
    } catch (error) {
      subscriber.fail(error)
    }
    return null
  }

  /**
   * Sends a frame at once, whatever the client has read. A client that causes many of these and reads none is not read from
   * until they are sent.
   */
  #send(text: string): void {
    this.#outbox.send(textFrame(Buffer.from(text)))
    if (!this.#ws.isPaused && this.#isBackedUp) this.#readOnceSent()
  }

  /** True if so many bytes wait in Node that nothing should be read. Node's own mark, below which no `drain` comes, is 16 KB or 64 KB. */
  get #isBackedUp(): boolean {
    const { writableNeedDrain, writableLength } = this.#socket
    return writableNeedDrain && writableLength > MAX_UNTAKEN_BYTES
  }

  #readOnceSent(): void {
    this.#ws.pause()
    this.#socket.once('drain', () => {
      if (!this.#held) this.#ws.resume()
    })
  }

  /** All clients together have sent too much, and this is one of those with the most. */
  #lostRoom(): void {
    // `ws` would keep what has come of a message until the close is answered.
    if (this.#room.isReceiving) this.terminate()
    else this.#close(CLOSE_REASONS.tooMuch)
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
    this.#room.close()
  }
}

/** Copies a text into one piece of memory: a UUID of Node's is a tree of a dozen pieces, which take half a kilobyte. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
