import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../../../src/config/parse-config.ts'
import { RequestRoom } from '../../../../../src/domain/request-room.ts'
import type { Operations } from '../../../../../src/server/graphql/operations.ts'
import { createRequestGuard } from '../../../../../src/server/http/request-guard.ts'
import { ConnectionServer } from '../../../../../src/server/transports/connection-server.ts'
import { ConnectionCaps } from '../../../../../src/server/transports/connections/connection-caps.ts'
import { connectionLimitsOf } from '../../../../../src/server/transports/connections/connection-limits.ts'
import { KeptBytes } from '../../../../../src/server/transports/connections/kept-bytes.ts'
import { MessageTurns } from '../../../../../src/server/transports/message-turns.ts'
import { Stop } from '../../../../../src/upstream/waiting/stop.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

/** Some clients and proxies take a connection for dead that was silent for as long. */
const LONGEST_SILENCE_MS = 25_000
/** First bytes of whole frames, RFC 6455 section 5.2. */
const TEXT = 0x81
const PING = 0x89
const PONG = 0x8a

/** A connection in memory whose client answers pings. Remembers when something was sent. */
class RecordedSocket extends Duplex {
  readonly sentAt: number[] = []
  readonly remoteAddress = '127.0.0.1'
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock) {
    super()
    this.#clock = clock
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sentAt.push(this.#clock.now())
    if (chunk[0] === PING) this.push(clientFrame(PONG, chunk.subarray(2)))
    done()
  }

  /** Milliseconds of the longest time in which nothing was sent, until now. */
  get longestSilenceMs(): number {
    const instants = [...this.sentAt, this.#clock.now()]
    return Math.max(...instants.slice(1).map((at, index) => at - (instants[index] ?? 0)))
  }
}

/** A frame of a client, with a mask that changes nothing. */
function clientFrame(kind: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(kind, 0x80 | payload.length, 0, 0, 0, 0), payload])
}

function startServer(clock: VirtualClock): ConnectionServer {
  const config = parseConfig({ services: { one: { endpoint: 'https://one.example' } } })
  const running = { type: 'subscription', cancel: () => {} }
  return new ConnectionServer({
    ...config,
    operations: { start: () => running, visible: () => [] } as unknown as Operations,
    caps: new ConnectionCaps(connectionLimitsOf(config), () => clock.now()),
    kept: new KeptBytes(config.maxAnswerBytes),
    room: new RequestRoom(1_000_000),
    messageTurns: new MessageTurns(),
    identify: async () => ({ key: 'caller' }) as never,
    guard: createRequestGuard(config),
    addressOf: () => '127.0.0.1',
    leaveHttp: () => {},
    log: { debug() {}, error() {} } as never,
    clock,
    pingIntervalMs: config.livePingMs,
    stallTimeoutMs: config.liveStallMs,
    drainMs: config.liveDrainMs,
  })
}

function requestOver(socket: RecordedSocket, headers: Record<string, string>): IncomingMessage {
  const request = new IncomingMessage(socket as unknown as Socket)
  return Object.assign(request, { method: 'GET', url: '/graphql', headers: { host: 'localhost', ...headers } })
}

function openWebSocket(server: ConnectionServer, clock: VirtualClock): RecordedSocket {
  const socket = new RecordedSocket(clock)
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'graphql-transport-ws',
  }
  server.upgrade(requestOver(socket, headers), socket, Buffer.alloc(0))
  socket.push(clientFrame(TEXT, Buffer.from('{"type":"connection_init"}')))
  return socket
}

async function openEventStream(server: ConnectionServer, clock: VirtualClock): Promise<RecordedSocket> {
  const socket = new RecordedSocket(clock)
  const request = requestOver(socket, { accept: 'text/event-stream' })
  const response = new ServerResponse(request)
  response.assignSocket(socket as unknown as Socket)
  await server.serveEventStream(request, response, {
    requestId: 'x',
    gone: new Stop(),
    address: '127.0.0.1',
    asked: { query: 'subscription { pinsChanged { kind } }' },
  })
  return socket
}

it.each([
  ['a WebSocket', openWebSocket],
  ['an event stream', openEventStream],
] as const)('%s that has nothing to tell is silent for less than 25 seconds', async (_name, open) => {
  const clock = new VirtualClock()
  using server = startServer(clock)
  const sockets: RecordedSocket[] = []
  // One after the other, so that they begin at different parts of a round.
  for (let opened = 0; opened < 30; opened++) {
    sockets.push(await open(server, clock))
    await clock.advance(700)
  }
  await clock.advance(300_000)

  expect(sockets.filter(({ destroyed, writableEnded }) => destroyed || writableEnded)).toEqual([])
  const silences = sockets.map(({ longestSilenceMs }) => longestSilenceMs)
  expect(Math.max(...silences)).toBeLessThan(LONGEST_SILENCE_MS)
})
