import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../../../src/server/graphql/message.ts'
import { MessageQueue, Outbox } from '../../../../../src/server/transports/connections/outbox.ts'

const THRESHOLD = 32 * 1024

/** A connection whose other side reads when told to. */
function startWire() {
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
    (isCongested) => void congestion.push(isCongested),
  )
  return {
    sent,
    congestion,
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
