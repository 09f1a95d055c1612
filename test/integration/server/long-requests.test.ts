import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { RequestRoom } from '../../../src/domain/request-room.ts'
import { readBody } from '../../../src/server/transports/read-body.ts'
import { Stop } from '../../../src/upstream/waiting/stop.ts'
import { countInHeap } from '../../support/count-in-heap.ts'
import { connectTo } from '../../support/send-raw.ts'

const MAX_BYTES = 1_000_000

/** A server that reads bodies in little room, and answers each with its length when it is told to. */
async function startReader(roomBytes: number) {
  const room = new RequestRoom(roomBytes)
  const read: (number | undefined)[] = []
  const answers: (() => void)[] = []
  const server = createServer(async (req, res) => {
    const gone = new Stop()
    res.on('close', () => {
      if (!res.writableFinished) gone.abort()
    })
    const body = await readBody(req, res, { maxBytes: MAX_BYTES, gone, address: '127.0.0.1', room })
    read.push(body?.length)
    answers.push(() => res.end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    room,
    read,
    answers,
    async send(length: number, sent: number) {
      const client = await connectTo(url)
      client.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\n${'x'.repeat(sent)}`)
      return client
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

it('bodies that come in part have so much room together: the oldest are given up', async () => {
  await using reader = await startReader(100_000)
  using first = await reader.send(90_000, 60_000)
  await expect.poll(() => reader.room.bytes).toBe(60_000)
  using second = await reader.send(60_000, 60_000)

  await first.closed
  await expect.poll(() => reader.read).toHaveLength(2)
  expect(reader.read).toEqual(expect.arrayContaining([undefined, 60_000]))
  expect([reader.room.bytes, second.socket.destroyed]).toEqual([60_000, false])
})

it('a body has its room until it is answered', async () => {
  await using reader = await startReader(100_000)
  using _client = await reader.send(50_000, 50_000)
  await expect.poll(() => reader.answers.length).toBe(1)
  expect(reader.room.bytes).toBe(50_000)

  reader.answers[0]?.()
  await expect.poll(() => reader.room.bytes).toBe(0)
})

it('of a body that has been read, nothing is kept by its request until that is answered', async () => {
  await using reader = await startReader(50_000_000)
  const bytes = (): number => {
    // Counting collects what nothing holds.
    countInHeap(Stop)
    return process.memoryUsage().arrayBuffers
  }
  const before = bytes()
  const clients = await Promise.all(Array.from({ length: 40 }, () => reader.send(500_000, 500_000)))
  await expect.poll(() => reader.answers.length).toBe(40)
  await expect.poll(() => bytes() - before).toBeLessThan(5_000_000)
  expect(reader.room.bytes).toBe(40 * 500_000)
  for (const client of clients) client[Symbol.dispose]()
})

it('a short body takes no room, and one whose client goes away gives its room back', async () => {
  await using reader = await startReader(100_000)
  using _short = await reader.send(4_000, 4_000)
  await expect.poll(() => reader.read).toEqual([4_000])
  expect(reader.room.bytes).toBe(0)

  const client = await reader.send(50_000, 40_000)
  await expect.poll(() => reader.room.bytes).toBe(40_000)
  client.socket.destroy()
  await expect.poll(() => reader.room.bytes).toBe(0)
})
