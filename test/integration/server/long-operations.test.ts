import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { RequestRoom } from '../../../src/domain/request-room.ts'
import type { Operations } from '../../../src/server/graphql/operations.ts'
import { createRequestGuard } from '../../../src/server/http/request-guard.ts'
import { ConnectionServer } from '../../../src/server/transports/connection-server.ts'
import { ConnectionCaps } from '../../../src/server/transports/connections/connection-caps.ts'
import { connectionLimitsOf } from '../../../src/server/transports/connections/connection-limits.ts'
import { KeptBytes } from '../../../src/server/transports/connections/kept-bytes.ts'
import { MessageTurns } from '../../../src/server/transports/message-turns.ts'
import { systemClock } from '../../../src/upstream/waiting/clock.ts'
import { openRawSocket, type RawSocket } from '../../support/live-transport/raw-socket.ts'

/** A server of WebSockets with little room for what clients send, whose operations never end by themselves. */
async function startSockets(roomBytes: number) {
  const config = parseConfig({ services: { one: { endpoint: 'https://one.example' } } })
  const room = new RequestRoom(roomBytes)
  let inFlight = 0
  const operations = {
    start: () => {
      inFlight++
      return { type: 'subscription', cancel: () => void inFlight-- }
    },
    visible: () => [],
  }
  const connections = new ConnectionServer({
    ...config,
    operations: operations as unknown as Operations,
    caps: new ConnectionCaps(connectionLimitsOf(config), () => systemClock.now()),
    kept: new KeptBytes(config.maxAnswerBytes),
    room,
    messageTurns: new MessageTurns(),
    identify: async () => ({ key: 'caller' }) as never,
    guard: createRequestGuard(config),
    addressOf: ({ headers }) => `${headers['x-address']}`,
    leaveHttp: () => {},
    log: { debug() {}, error() {} } as never,
    clock: systemClock,
    pingIntervalMs: config.livePingMs,
    stallTimeoutMs: config.liveStallMs,
    drainMs: config.liveDrainMs,
  })
  const server = createServer().on('upgrade', connections.upgrade).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  return {
    room,
    get inFlight() {
      return inFlight
    },
    open: (address: string) => openRawSocket(url, { token: 'token', headers: { 'x-address': address } }),
    async [Symbol.asyncDispose]() {
      connections[Symbol.dispose]()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Begins an operation with a message of exactly so many bytes. */
function subscribe(socket: RawSocket, id: string, bytes: number): void {
  const message = { id, type: 'subscribe', payload: { query: '', variables: { text: '' } } }
  message.payload.variables.text = 'x'.repeat(bytes - JSON.stringify(message).length)
  socket.send(message)
}

it('long operations of a socket take room until they end, if they are more than 4 KB together', async () => {
  await using server = await startSockets(100_000)
  await using socket = await server.open('one')
  subscribe(socket, 'a', 3_000)
  for (let n = 0; n < 20; n++) subscribe(socket, `short ${n}`, 1_000)
  await expect.poll(() => server.inFlight).toBe(21)
  expect(server.room.bytes).toBe(0)

  subscribe(socket, 'b', 3_000)
  subscribe(socket, 'c', 10_000)
  await expect.poll(() => server.room.bytes).toBe(16_000)
  socket.send({ id: 'c', type: 'complete' })
  await expect.poll(() => server.room.bytes).toBe(6_000)
  socket.send({ id: 'a', type: 'complete' })
  await expect.poll(() => server.room.bytes).toBe(0)
  subscribe(socket, 'd', 20_000)
  await expect.poll(() => server.room.bytes).toBe(23_000)

  socket.ws.terminate()
  await expect.poll(() => [server.room.bytes, server.inFlight]).toEqual([0, 0])
})

it('the oldest socket of the address with the longest operations is closed with 1013 when they have no room', async () => {
  await using server = await startSockets(100_000)
  await using honest = await server.open('honest')
  await using oldest = await server.open('greedy')
  await using younger = await server.open('greedy')
  for (const [socket, bytes, sum] of [
    [honest, 30_000, 30_000],
    [oldest, 20_000, 50_000],
    [younger, 40_000, 90_000],
  ] as const) {
    subscribe(socket, 'a', bytes)
    await expect.poll(() => server.room.bytes).toBe(sum)
  }
  expect(server.inFlight).toBe(3)

  subscribe(honest, 'b', 20_000)
  expect(await oldest.closed).toBe(1013)
  await expect.poll(() => [server.room.bytes, server.inFlight]).toEqual([90_000, 3])
  const { OPEN } = honest.ws
  expect([honest.ws.readyState, younger.ws.readyState]).toEqual([OPEN, OPEN])
})

it('a socket in the middle of a message is cut off when it loses its room, and the message is let go', async () => {
  await using server = await startSockets(60_000)
  await using oldest = await server.open('greedy')
  oldest.ws.send('x'.repeat(40_000), { fin: false })
  await expect.poll(() => server.room.bytes).toBeGreaterThanOrEqual(40_000)
  await using younger = await server.open('greedy')
  subscribe(younger, 'a', 30_000)

  expect(await oldest.closed).toBe(1006)
  await expect.poll(() => server.room.bytes).toBe(30_000)
})
