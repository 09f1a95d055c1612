import { PassThrough } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { BodyReader } from '../../../../src/embedded/http/body-reader.ts'

const KB = 1_000
const parse = (text: string): number => text.length

/** Begins to send a body. `answer` is its length as it was parsed, or the reason for which it was refused. */
function send(reader: BodyReader, owner: number, bytes: number) {
  const stream = new PassThrough()
  const answer = reader.read(owner, stream, { parse }).catch(({ reason }) => reason)
  stream.write('x'.repeat(bytes))
  return { stream, answer }
}

describe('BodyReader', () => {
  it('takes the first body from the token with the most, once all of them have too much', async () => {
    const reader = new BodyReader(100 * KB)
    const other = send(reader, 2, 20 * KB)
    const first = send(reader, 1, 30 * KB)
    const second = send(reader, 1, 30 * KB)
    await nextTurn()
    expect(reader.bytes).toBe(80 * KB)

    const third = send(reader, 1, 30 * KB)
    expect(await first.answer).toBe('TOO_MANY_REQUESTS')
    expect(reader.bytes).toBe(80 * KB)
    for (const { stream } of [other, second, third]) stream.end()
    expect(await Promise.all([other.answer, second.answer, third.answer])).toEqual([20 * KB, 30 * KB, 30 * KB])
    expect(reader.bytes).toBe(0)
  })

  it('gives the room back of a body that ends too early, is too long, or cannot be parsed', async () => {
    const reader = new BodyReader(1_000 * KB)
    const early = send(reader, 1, 50 * KB)
    const long = send(reader, 1, 500 * KB)
    const wrong = new PassThrough()
    const refused = reader.read(1, wrong, {
      parse: () => {
        throw new Error('wrong')
      },
    })
    wrong.end('x'.repeat(50 * KB))
    await expect(refused).rejects.toThrow('wrong')
    await expect.poll(() => reader.bytes).toBe(550 * KB)

    early.stream.destroy()
    long.stream.write('x'.repeat(50 * KB))
    expect([await early.answer, await long.answer]).toEqual(['BAD_REQUEST', 'PAYLOAD_TOO_LARGE'])
    expect(reader.bytes).toBe(0)
  })

  it('reads nothing of a body whose length is too much', async () => {
    const stream = new PassThrough()
    stream.end('x'.repeat(10 * KB))
    const read = new BodyReader().read(1, stream, { parse, length: 600 * KB })

    await expect(read).rejects.toThrow('at most 524288 bytes')
    expect(stream.readableLength).toBe(10 * KB)
  })

  it('destroys the stream of a body in thousands of tiny chunks', async () => {
    const stream = new PassThrough()
    const read = new BodyReader().read(1, stream, { parse })
    for (let n = 0; n < 5_000; n++) stream.write('x')

    await expect(read).rejects.toThrow('Expected the whole body')
    expect(stream.destroyed).toBe(true)
  })

  it('lets other work of the event loop go between long bodies that come together', async () => {
    const reader = new BodyReader()
    const order: string[] = []
    const busy = (text: string): void => {
      const until = performance.now() + 15
      while (performance.now() < until);
      order.push(`body of ${text.length}`)
    }
    const bodies = [20 * KB, 20 * KB, 20 * KB].map((bytes) => {
      const stream = new PassThrough()
      stream.end('x'.repeat(bytes))
      return reader.read(1, stream, { parse: busy })
    })
    const turn = (): void => {
      order.push('turn')
      if (order.length < 100) setImmediate(turn)
    }
    setImmediate(turn)
    await Promise.all(bodies)

    expect(order.join(', ')).toMatch(/body of 20000(, turn)+, body of 20000(, turn)+, body of 20000/)
  })
})
