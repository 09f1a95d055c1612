import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import type { Message } from '../../../../../src/server/graphql/message.ts'
import { KeptBytes } from '../../../../../src/server/transports/connections/kept-bytes.ts'
import { MessageQueue, Outbox } from '../../../../../src/server/transports/connections/outbox.ts'
import { SocketWire } from '../../../../../src/server/transports/web-socket/socket-wire.ts'
import { systemClock } from '../../../../../src/upstream/waiting/clock.ts'

const PING = 0x89

/** A WebSocket whose other side reads, and answers pings, when told to. */
function startReader() {
  const ws = Object.assign(new EventEmitter(), { readyState: 1, OPEN: 1 })
  const unread: Buffer[] = []
  const socket = { write: (frame: Buffer) => unread.push(frame), push: () => true }
  const listener = {
    caughtUp() {
      if (!wire.isFull) outbox.drained()
    },
    receiving() {},
  }
  const head = Buffer.alloc(0)
  const options = { head, listener, clock: systemClock }
  const wire: SocketWire = new SocketWire(ws as unknown as WebSocket, socket as unknown as Socket, options)
  ws.on('pong', (payload) => wire.ponged(payload))
  const outbox = new Outbox(wire, { kept: new KeptBytes(1_000_000), overflowed: () => {} })
  const read: Buffer[] = []
  return {
    ws,
    wire,
    outbox,
    unread,
    read,
    /** Reads the next frame; answers it if it is a ping. */
    readOne() {
      const frame = unread.shift()
      if (frame?.[0] === PING) ws.emit('pong', frame.subarray(2))
      else if (frame) read.push(frame)
    },
    unreadBytes: () => unread.filter((frame) => frame[0] !== PING).reduce((sum, { length }) => sum + length, 0),
  }
}

const frame = (size: number) => Buffer.alloc(size, 'x')

/** The last state of each pin in some frames. */
function lastStates(frames: readonly Buffer[]): Map<number, number> {
  const messages = frames.filter((sent) => sent[0] !== PING)
  return new Map(messages.map((sent) => [sent.readUInt32BE(4), sent.readUInt32BE(0)]))
}

/** True if the last state of a pin was not written yet. */
function isKept({ read, unread }: { read: Buffer[]; unread: Buffer[] }, last: ReadonlyMap<number, number>): boolean {
  const written = lastStates([...read, ...unread])
  return [...last].some(([pin, state]) => written.get(pin) !== state)
}

describe('the wire of a socket', () => {
  it('sends one ping after 32 KB to learn whether they were read, and another for the bytes behind the ping', () => {
    const { wire, unread, readOne } = startReader()
    wire.write(frame(20_000))
    expect([wire.pingedAt, unread.length]).toEqual([null, 1])
    wire.write(frame(20_000))
    const pingedAt = wire.pingedAt
    wire.write(frame(20_000))
    wire.write(frame(20_000))
    expect([wire.pingedAt, wire.isFull, unread.length]).toEqual([pingedAt, true, 5])
    for (let index = 0; index < 3; index++) readOne()
    // The answer covers what was before the question only.
    expect([wire.isFull, unread.length]).toEqual([false, 3])
    expect(wire.pingedAt).toBeGreaterThanOrEqual(pingedAt ?? Number.POSITIVE_INFINITY)
    while (unread.length > 0) readOne()
    expect(wire.pingedAt).toBeNull()
  })

  it('accepts only the pong of its last ping', () => {
    const { ws, wire, readOne } = startReader()
    wire.write(frame(1))
    wire.ping()
    wire.ping()
    const pingedAt = wire.pingedAt
    expect(pingedAt).not.toBeNull()
    ws.emit('pong', Buffer.alloc(0))
    ws.emit('pong', Buffer.alloc(4))
    expect(wire.pingedAt).toBe(pingedAt)
    readOne()
    readOne()
    expect(wire.pingedAt).toBeNull()
  })

  it('pings without a payload if nothing is unread, and frees nothing by the pong', () => {
    const { ws, wire, unread, readOne } = startReader()
    wire.ping()
    expect([unread[0]?.toString('hex'), wire.pingedAt === null]).toEqual(['8900', false])
    for (let index = 0; index < 3; index++) wire.write(frame(20_000))
    ws.emit('pong', Buffer.alloc(0))
    // By now a second ping, with a payload, asks about the bytes that were written after the first one.
    expect([wire.isFull, unread.length, unread[4]?.length]).toEqual([true, 5, 6])
    while (unread.length > 0) readOne()
    expect([wire.isFull, wire.pingedAt]).toEqual([false, null])
  })

  it('writes nothing and sends no ping once the socket closes', () => {
    const { ws, wire, unread } = startReader()
    ws.readyState = 2
    wire.write(frame(40_000))
    wire.ping()
    expect(unread).toEqual([])
  })

  it('never leaves more than 48 KB and one frame unread, and always has a ping in flight while something waits', () => {
    const action = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 60_000 })) },
      { weight: 2, arbitrary: fc.constant('read' as const) },
      { weight: 1, arbitrary: fc.constant('beat' as const) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const reader = startReader()
        const queue = new MessageQueue(reader.outbox, { frameOf: ({ payload }) => payload })
        const last = new Map<number, number>()
        actions.forEach((each, index) => {
          if (each === 'read') reader.readOne()
          else if (each === 'beat') reader.wire.ping()
          else {
            const [pin, size] = each
            const payload = Buffer.alloc(size + 8)
            payload.writeUInt32BE(index)
            payload.writeUInt32BE(pin, 4)
            last.set(pin, index)
            const message: Message = { payload, key: String(pin), cursor: null }
            queue.next(message)
          }
          expect(reader.unreadBytes()).toBeLessThanOrEqual(48 * 1024 + 60_012)
          if (isKept(reader, last)) expect(reader.unread.some((sent) => sent[0] === PING)).toBe(true)
        })
        while (reader.unread.length > 0) reader.readOne()
        const seen = lastStates(reader.read)
        expect([isKept(reader, last), seen]).toEqual([false, last])
      }),
    )
  })
})
