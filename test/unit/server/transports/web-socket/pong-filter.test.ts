import type { Socket } from 'node:net'
import { type PassThrough, Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { takeEmptyPongs } from '../../../../../src/server/transports/web-socket/pong-filter.ts'

/** The classes by which `ws` itself writes and reads frames. */
const { Sender, Receiver } = ws as unknown as {
  Sender: { frame(data: Buffer, options: { fin: boolean; opcode: number; mask: boolean }): Buffer[] }
  Receiver: new (options: { isServer: boolean }) => PassThrough
}

const BINARY = 2
const PONG = 10
const frame = (opcode: number, data: Buffer): Buffer =>
  Buffer.concat(Sender.frame(data, { fin: true, opcode, mask: true }))
const NOTHING = Buffer.alloc(0)
const EMPTY_PONG = frame(PONG, NOTHING)

/** Returns what a filter reports of long messages while pieces come. */
function reportsOf(pieces: readonly Buffer[]): number[] {
  const reports: number[] = []
  const socket = new Readable({ read() {} })
  takeEmptyPongs(socket as unknown as Socket, NOTHING, {
    pongedEmpty: () => {},
    receiving: (bytes) => void reports.push(bytes),
  })
  for (const piece of pieces) socket.push(piece)
  return reports
}

/** Sends pieces through a socket to `ws`; what was taken out before, and what `ws` saw of pongs and messages. */
async function send(pieces: readonly Buffer[], { head = NOTHING }: { head?: Buffer } = {}) {
  const seen = { taken: 0, pongs: 0, messages: [] as string[] }
  const receiver = new Receiver({ isServer: true })
  receiver.on('pong', () => void seen.pongs++)
  receiver.on('message', (data: Buffer) => void seen.messages.push(data.toString('latin1')))
  const socket = new Readable({ read() {} })
  takeEmptyPongs(socket as unknown as Socket, head, {
    pongedEmpty: () => void seen.taken++,
    receiving: () => {},
  })
  // `ws` takes masks off in place.
  for (const piece of pieces) socket.push(Buffer.from(piece))
  socket.push(null)
  receiver.write(Buffer.from(head))
  for await (const bytes of socket) receiver.write(bytes)
  return seen
}

describe('a filter of pongs', () => {
  it('takes out an empty pong that comes by itself, and nothing else', async () => {
    const ping = frame(9, NOTHING)
    const others = [frame(PONG, Buffer.from('abcd')), frame(BINARY, Buffer.from('hello')), ping]
    expect(await send([EMPTY_PONG, ...others, EMPTY_PONG])).toEqual({ taken: 2, pongs: 1, messages: ['hello'] })
  })

  it('keeps bytes inside a message that only look like an empty pong, wherever the message is cut', async () => {
    const message = frame(BINARY, Buffer.alloc(20, 'x'))
    const pieces = [message.subarray(0, 10), EMPTY_PONG, message.subarray(16)]
    expect(await send(pieces)).toMatchObject({ taken: 0, messages: [expect.any(String)] })
    expect(await send(pieces.slice(1), { head: message.subarray(0, 10) })).toMatchObject({ taken: 0, pongs: 0 })
  })

  it('loses and adds no bytes, however frames are cut into pieces', async () => {
    const payload = fc.oneof(
      fc
        .constantFrom(0, 4, 125, 126, 300, 65_535, 65_536)
        .map((size) => Buffer.alloc(size, new Uint8Array(EMPTY_PONG))),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    )
    const frames = fc.array(
      fc.oneof(
        fc.constant(EMPTY_PONG),
        payload.map((data) => frame(BINARY, data)),
        payload.map((data) => frame(PONG, data.subarray(0, 125))),
      ),
      { maxLength: 12 },
    )
    const cuts = fc.array(fc.nat(), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(frames, cuts, fc.boolean(), async (sent, at, isWhole) => {
        const all = Buffer.concat(sent)
        const places = [...new Set(at.map((each) => each % (all.length + 1)))].sort((a, b) => a - b)
        const pieces = isWhole ? sent : [0, ...places].map((from, n) => all.subarray(from, places[n] ?? all.length))
        const { taken, pongs, messages } = await send(pieces)
        const expected = await send([], { head: all })
        expect({ pongs: taken + pongs, messages }).toEqual({ pongs: expected.pongs, messages: expected.messages })
      }),
    )
  })
})

describe('a long message', () => {
  const part = (opcode: number, data: Buffer, fin: boolean): Buffer =>
    Buffer.concat(Sender.frame(data, { fin, opcode, mask: true }))
  const long = Buffer.alloc(10_000, 'x')

  it('is reported while it comes, and at its end', () => {
    const message = frame(BINARY, long)
    const [first = 0, second = 0, end] = reportsOf([
      message.subarray(0, 5_000),
      message.subarray(5_000, 9_000),
      message.subarray(9_000),
    ])

    expect(first).toBeGreaterThanOrEqual(5_000)
    expect(second).toBeGreaterThanOrEqual(9_000)
    expect(end).toBe(0)
  })

  it('is reported in frames too, with other frames between them and headers in two pieces', () => {
    const sent = [part(BINARY, long, false), frame(9, NOTHING), part(0, long, false)]
    const header = part(0, long, true)
    const reports = reportsOf([...sent, header.subarray(0, 2), header.subarray(2)])

    expect(reports.at(-2)).toBeGreaterThanOrEqual(20_000)
    expect(reports.at(-1)).toBe(0)
  })

  it('counts more than its bytes if it comes in many pieces', () => {
    const reports = reportsOf(Array.from({ length: 100 }, () => part(0, Buffer.from('x'), false)))

    expect(reports.at(-1)).toBeGreaterThan(10_000)
  })

  it('is not reported if it is short, or comes in one piece', () => {
    expect(
      reportsOf([frame(BINARY, long), frame(BINARY, long), frame(BINARY, Buffer.alloc(1_000)).subarray(0, 900)]),
    ).toEqual([])
  })
})
