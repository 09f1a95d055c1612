import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../../../src/config/parse-config.ts'
import type { IdentifiedCaller } from '../../../../../src/server/caller/caller.ts'
import { ConnectionCaps } from '../../../../../src/server/transports/connections/connection-caps.ts'
import { connectionLimitsOf } from '../../../../../src/server/transports/connections/connection-limits.ts'
import type { ConnectionParts } from '../../../../../src/server/transports/connections/connection-parts.ts'
import { KeptBytes } from '../../../../../src/server/transports/connections/kept-bytes.ts'
import { MessageTurns } from '../../../../../src/server/transports/message-turns.ts'
import type { ServedSocket } from '../../../../../src/server/transports/web-socket/served-socket.ts'
import { SocketConnection } from '../../../../../src/server/transports/web-socket/socket-connection.ts'
import { deferred } from '../../../../support/deferred.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

/** A WebSocket in memory that notes whether it is read. */
class PausableSocket {
  readonly OPEN = 1
  readyState = 1
  isPaused = false
  listen(): void {}
  close(): void {}
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
  }
}

function startConnection(identify: ConnectionParts['identify']) {
  const clock = new VirtualClock()
  const caps = new ConnectionCaps(connectionLimitsOf(parseConfig({})), () => clock.now())
  const written: string[] = []
  const socket = Object.assign(new EventEmitter(), {
    writableNeedDrain: false,
    writableLength: 0,
    write: (frame: Buffer) => written.push(frame.toString('latin1')),
  })
  const ws = new PausableSocket()
  const log = { debug() {}, error() {} }
  const kept = new KeptBytes(1_000_000)
  const parts = { identify, caps, clock, kept, messageTurns: new MessageTurns(), log }
  const connection = new SocketConnection(
    ws as unknown as ServedSocket,
    { headers: {}, socket } as unknown as IncomingMessage,
    {
      head: Buffer.alloc(0),
      parts: parts as unknown as ConnectionParts,
      tally: caps.open('192.0.2.1') ?? expect.fail('no room for a connection'),
      owner: { opened() {}, closed() {}, isDraining: false },
    },
  )
  return {
    ws,
    socket,
    written,
    receive: (message: object) => connection.received(Buffer.from(JSON.stringify(message)), false),
  }
}

it('reads nothing until the caller is known, even if the client has taken what was sent before', async () => {
  const caller = deferred<IdentifiedCaller>()
  const { ws, socket, written, receive } = startConnection(() => caller.promise)
  // Pongs wait for the client, so it is not read.
  Object.assign(socket, { writableNeedDrain: true, writableLength: 100_000 })
  receive({ type: 'ping' })
  expect(ws.isPaused).toBe(true)
  receive({ type: 'connection_init' })
  receive({ type: 'ping', payload: { held: true } })
  Object.assign(socket, { writableNeedDrain: false, writableLength: 0 })
  socket.emit('drain')

  expect([ws.isPaused, written.length]).toEqual([true, 1])

  caller.resolve({ key: 'caller', sharingKey: 'caller', tokenFor: () => null })
  await setImmediate()
  expect(ws.isPaused).toBe(false)
  expect(written.slice(1)).toEqual([
    expect.stringContaining('connection_ack'),
    expect.stringContaining('"payload":{"held":true}'),
  ])
})
