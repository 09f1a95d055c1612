import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { connectTo, type RawConnection } from '../../support/send-raw.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

// Clients that hold connections: idle, or by sending a byte at a time.

const HEAD = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'

/** A service that takes requests and never answers. */
let silent: Server
let upstream: string
/** Tokens with which it was asked. */
const asked = new Set<string>()
beforeAll(async () => {
  silent = createServer(({ headers }) => void asked.add(headers.authorization ?? '')).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  upstream = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
})
afterAll(() => {
  silent.closeAllConnections()
  silent.close()
})

/** Sends a byte every 20 ms until something comes back. */
async function drip(connection: RawConnection, text: string): Promise<void> {
  connection.write(text)
  const timer = setInterval(() => connection.write('x'), 20)
  await expect.poll(() => connection.received).not.toBe('')
  clearInterval(timer)
}

async function typename(url: string): Promise<number> {
  const response = await fetch(`${url}?query=%7B__typename%7D`, { headers: { connection: 'close' } })
  await response.text()
  return response.status
}

/** Opens connections, and asks on each for what the silent service knows. Resolves when the gateway owes all answers. */
async function connectAndWait(url: string, count: number): Promise<RawConnection[]> {
  asked.clear()
  const body = JSON.stringify({ query: '{ pins(first: 1) { nodes { id } } }' })
  const connections: RawConnection[] = []
  for (let token = 0; token < count; token++) {
    const connection = await connectTo(url)
    connection.write(`${HEAD}authorization: Bearer token-${token}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    connections.push(connection)
    await expect.poll(() => asked).toContain(`Bearer token-${token}`)
  }
  return connections
}

describe('time', () => {
  it('a head that is sent a byte at a time is answered 408, and the connection closed cleanly', async () => {
    await using gateway = await startTestGateway({ upstream, headersTimeoutMs: 200 })
    using connection = await connectTo(gateway.url)
    await drip(connection, 'GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow: ')
    expect(connection.received).toMatch(/^HTTP\/1\.1 408 /)
    expect(await connection.closed).toBe('end')
  })

  it('a connection on which nothing is sent is closed', async () => {
    await using gateway = await startTestGateway({ upstream, headersTimeoutMs: 200 })
    using connection = await connectTo(gateway.url)
    await expect.poll(() => connection.socket.destroyed).toBe(true)
    expect(await connection.closed).toBe('end')
  })

  it.each(['content-length: 1000', 'transfer-encoding: chunked'])(
    'a body that is sent a byte at a time is cut off: %s',
    async (length) => {
      await using gateway = await startTestGateway({ upstream, receiveTimeoutMs: 400 })
      using connection = await connectTo(gateway.url)
      await drip(connection, `${HEAD}${length}\r\n\r\n${length.includes('chunked') ? '3e8\r\n' : ''}`)
      expect(connection.received).toMatch(/^HTTP\/1\.1 408 /)
      expect(await typename(gateway.url)).toBe(200)
    },
  )

  it('a query that takes longer than a client may take to send it is answered', async () => {
    await using gateway = await startTestGateway({
      upstream,
      receiveTimeoutMs: 100,
      headersTimeoutMs: 100,
      requestTimeoutMs: 2_500,
    })
    const { errors } = await gateway.query('{ pins(first: 1) { nodes { id } } }')
    expect(errors?.[0]?.extensions?.code).toBe('SERVICE_UNAVAILABLE')
  })

  it('a WebSocket and an event stream stay open for longer than a request may take', async () => {
    await using gateway = await startTestGateway({
      upstream,
      receiveTimeoutMs: 100,
      headersTimeoutMs: 100,
      livePingMs: 1_500,
      liveStallMs: 60_000,
    })
    await using socket = await openRawSocket(gateway.url.replace('http', 'ws'), { token: 'a' })
    const stream = await openEventStream(gateway.url, { query: 'subscription { pinsChanged { kind } }' })
    // The second ping comes after 1.5 s at least, and clients are looked at every second.
    await once(socket.ws, 'ping')
    await once(socket.ws, 'ping')
    socket.send({ type: 'ping' })
    expect(await socket.next()).toEqual({ type: 'pong' })
    expect(stream.response.status).toBe(200)
    stream.close()
  })
})

describe('number', () => {
  it.each([
    ['in all', { maxHttpConnections: 10 }],
    ['from one address', { maxHttpConnectionsPerAddress: 10 }],
  ])('idle connections beyond the limit %s give way, the oldest first, and shut nobody out', async (_, limit) => {
    await using gateway = await startTestGateway({ upstream, ...limit })
    const idle: RawConnection[] = []
    for (let opened = 0; opened < 30; opened++) idle.push(await connectTo(gateway.url))
    const stillOpen = () => idle.filter(({ socket }) => !socket.destroyed)
    // For a second, there may be twice as many.
    await expect.poll(() => stillOpen().length).toBeLessThanOrEqual(20)
    await expect
      .poll(async () => {
        expect(await typename(gateway.url)).toBe(200)
        return stillOpen().length
      })
      .toBeLessThan(10)
    expect(stillOpen()).toEqual(idle.slice(30 - stillOpen().length))
    const closed = idle.slice(0, 30 - stillOpen().length).map((each) => each.closed)
    expect(new Set(await Promise.all(closed))).toEqual(new Set(['end']))
    for (const each of idle) each[Symbol.dispose]()
  })

  it('slow bodies give way as well', async () => {
    await using gateway = await startTestGateway({ upstream, maxHttpConnections: 3 })
    const slow = await Promise.all([1, 2, 3].map(() => connectTo(gateway.url)))
    for (const each of slow) {
      each.write(`${HEAD}expect: 100-continue\r\ncontent-length: 1000\r\n\r\n`)
      await expect.poll(() => each.received).toContain('100 Continue')
    }
    await expect.poll(() => typename(gateway.url)).toBe(200)
    for (const each of slow) each[Symbol.dispose]()
  })

  it('a client is told to come later when an answer is owed on every connection, and is closed cleanly', async () => {
    await using gateway = await startTestGateway({ upstream, maxHttpConnections: 3, shutdownTimeoutMs: 0 })
    const waiting = await connectAndWait(gateway.url, 3)
    using late = await connectTo(gateway.url)
    late.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await expect.poll(() => late.received).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1.*TOO_MANY_CONNECTIONS/s)
    late.socket.end()
    expect(await late.closed).toBe('end')
    expect(waiting.filter(({ socket }) => socket.destroyed)).toEqual([])
    waiting[0]?.socket.destroy()
    await expect.poll(() => typename(gateway.url)).toBe(200)
    for (const each of waiting) each[Symbol.dispose]()
  })

  it('WebSockets and event streams do not count: they have limits of their own', async () => {
    await using gateway = await startTestGateway({ upstream, maxHttpConnections: 2 })
    const url = gateway.url.replace('http', 'ws')
    const sockets = await Promise.all([1, 2, 3, 4].map(() => openRawSocket(url, { token: 'a' })))
    const streams: Awaited<ReturnType<typeof openEventStream>>[] = []
    for (const query of ['one', 'two', 'three', 'four'])
      streams.push(await openEventStream(gateway.url, { query: `subscription ${query} { pinsChanged { kind } }` }))
    for (let asked = 0; asked < 5; asked++) expect(await typename(gateway.url)).toBe(200)
    for (const socket of sockets) {
      socket.send({ type: 'ping' })
      expect(await socket.next()).toEqual({ type: 'pong' })
      await socket[Symbol.asyncDispose]()
    }
    expect(streams.map(({ response }) => response.status)).toEqual([200, 200, 200, 200])
    for (const stream of streams) stream.close()
  })

  it('proxies that are known by address have no limit per address', async () => {
    const settings = {
      upstream,
      maxHttpConnectionsPerAddress: 2,
      trustProxy: ['127.0.0.1'],
      allowedHosts: ['a.example'],
    }
    await using gateway = await startTestGateway({ ...settings, shutdownTimeoutMs: 0 })
    const waiting = await connectAndWait(gateway.url, 4)
    expect(await typename(gateway.url)).toBe(200)
    expect(waiting.map(({ socket, received }) => [socket.destroyed, received])).toEqual(Array(4).fill([false, '']))
    for (const each of waiting) each[Symbol.dispose]()
  })
})
