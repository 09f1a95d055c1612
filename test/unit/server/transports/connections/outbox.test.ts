import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../../../src/server/graphql/message.ts'
import { KeptBytes } from '../../../../../src/server/transports/connections/kept-bytes.ts'
import { MessageQueue, Outbox } from '../../../../../src/server/transports/connections/outbox.ts'

const THRESHOLD = 32 * 1024

/** A connection whose other side reads when told to. */
function startWire(kept = new KeptBytes(1_000_000)) {
  let overflows = 0
  const sent: string[] = []
  let bufferedBytes = 0
  const congestion: boolean[] = []
  const outbox = new Outbox(
    {
      write(frame) {
        sent.push(frame.toString())
        bufferedBytes += frame.length
      },
      get isFull() {
        return bufferedBytes > THRESHOLD
      },
    },
    {
      kept,
      congested: (isCongested) => void congestion.push(isCongested),
      overflowed() {
        overflows += 1
      },
    },
  )
  return {
    sent,
    congestion,
    get overflows() {
      return overflows
    },
    outbox,
    get bufferedBytes() {
      return bufferedBytes
    },
    read() {
      bufferedBytes = 0
      outbox.drained()
    },
  }
}

const BIG = 'x'.repeat(20_000)
const message = (text: string, key: string | null = null): Message => ({
  payload: Buffer.from(text),
  key,
  cursor: null,
})
const framing = { frameOf: ({ payload }: Message) => payload }

describe('an outbox', () => {
  it('keeps the last message of each key while the client does not read, and sends them in order', () => {
    const wire = startWire()
    const queue = new MessageQueue(wire.outbox, framing)
    queue.next(message(BIG))
    queue.next(message(BIG))
    expect(wire.outbox.isCongested).toBe(true)
    for (const [text, key] of [
      ['a1', 'a'],
      ['b1', 'b'],
      ['a2', 'a'],
      ['c1', 'c'],
      ['b2', 'b'],
    ] as const)
      queue.next(message(text, key))
    queue.next(message('unkeyed'))
    queue.next(message('unkeyed too'))
    expect(wire.sent).toEqual([BIG, BIG])
    wire.read()
    expect(wire.sent.slice(2)).toEqual(['a2', 'c1', 'b2', 'unkeyed', 'unkeyed too'])
    expect(wire.congestion).toEqual([true, false])
  })

  it('sends the end after the waiting messages, and nothing after the end', () => {
    const wire = startWire()
    const queue = new MessageQueue(wire.outbox, framing)
    let ends = 0
    queue.next(message(BIG))
    queue.next(message(BIG))
    queue.next(message('last', 'a'))
    queue.end(Buffer.from('end'), () => ends++)
    queue.next(message('late', 'b'))
    expect(ends).toBe(0)
    wire.read()
    queue.next(message('later'))
    expect(wire.sent.slice(2)).toEqual(['last', 'end'])
    expect(ends).toBe(1)
  })

  it('lets senders wait for room, and releases them when it is closed', async () => {
    const wire = startWire()
    const queue = new MessageQueue(wire.outbox, framing)
    await wire.outbox.ready()
    queue.next(message(BIG + BIG))
    const order: string[] = []
    const waiting = wire.outbox.ready().then(() => order.push('ready'))
    wire.read()
    order.push('read')
    await waiting
    expect(order).toEqual(['read', 'ready'])
    queue.next(message(BIG + BIG))
    const closing = wire.outbox.ready()
    wire.outbox.close()
    await closing
  })

  it('never has more than its threshold and one message in the connection, and never loses the last message of a key', () => {
    const queues = 3
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(fc.nat(queues - 1), fc.nat(4), fc.integer({ min: 1, max: 9_000 })) },
      { weight: 1, arbitrary: fc.constant('read' as const) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const wire = startWire()
        const all = Array.from({ length: queues }, () => new MessageQueue(wire.outbox, framing))
        const last = new Map<string, string>()
        actions.forEach((each, index) => {
          if (each === 'read') {
            wire.read()
            return
          }
          const [queue, pin, size] = each
          const text = `${queue}/${pin}/${index}/`.padEnd(size, '.')
          last.set(`${queue}/${pin}`, text)
          all[queue]?.next(message(text, String(pin)))
          expect(wire.bufferedBytes).toBeLessThanOrEqual(THRESHOLD + 9_010)
        })
        const sentBefore = wire.sent.length
        while (wire.outbox.isCongested) wire.read()
        for (let queue = 0; queue < queues; queue++) {
          const kept = wire.sent.slice(sentBefore).filter((text) => text.startsWith(`${queue}/`))
          expect(kept.length).toBeLessThanOrEqual(5)
        }
        const seen = new Map(wire.sent.map((text) => [text.split('/').slice(0, 2).join('/'), text]))
        expect(seen).toEqual(last)
        for (let queue = 0; queue < queues; queue++) {
          const order = wire.sent
            .filter((text) => text.startsWith(`${queue}/`))
            .map((text) => Number(text.split('/')[2]))
          expect(order).toEqual([...order].sort((a, b) => a - b))
        }
      }),
    )
  })
})

describe('what an outbox keeps', () => {
  /** Most bytes of an answer. A connection keeps twice as many, and all together eight times. */
  const ANSWER = 10_000
  const congested = (kept: KeptBytes) => {
    const wire = startWire(kept)
    const queue = new MessageQueue(wire.outbox, framing)
    queue.next(message(BIG))
    queue.next(message(BIG))
    return { wire, queue }
  }

  it('is given up once one connection keeps more than two answers, of whatever kind', () => {
    for (const key of ['a', null]) {
      const { wire, queue } = congested(new KeptBytes(ANSWER))
      queue.next(message('x'.repeat(ANSWER), key))
      queue.next(message('y'.repeat(ANSWER), key && 'b'))
      expect(wire.overflows).toBe(0)
      queue.next(message('z', key && 'c'))
      expect(wire.overflows).toBe(1)
    }
  })

  it('is given up once all connections keep more than eight answers that nobody shares', () => {
    const kept = new KeptBytes(ANSWER)
    const others = Array.from({ length: 8 }, () => congested(kept))
    for (const { queue } of others) queue.next(message('x'.repeat(ANSWER)))
    const shared = congested(kept)
    shared.queue.next(message('x'.repeat(ANSWER), 'a'))
    expect([shared.wire.overflows, ...others.map(({ wire }) => wire.overflows)]).toEqual(Array(9).fill(0))
    shared.queue.next(message('x'))
    expect(shared.wire.overflows).toBe(1)
  })

  it('is counted exactly, whatever is kept, replaced, sent and closed', () => {
    const step = fc.oneof(
      fc.record({ size: fc.nat(5_000), key: fc.option(fc.constantFrom('a', 'b', 'c')) }),
      fc.constantFrom('read', 'close'),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const kept = new KeptBytes(1_000_000)
        const { wire, queue } = congested(kept)
        for (const each of steps) {
          if (each === 'read') wire.read()
          else if (each === 'close') queue.close()
          else queue.next(message('x'.repeat(each.size), each.key))
          expect(kept.bytes).toBeGreaterThanOrEqual(0)
        }
        while (wire.outbox.isCongested) wire.read()
        expect(kept.bytes).toBe(0)
      }),
    )
  })
})
