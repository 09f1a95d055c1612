import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { ServedSocket } from '../../src/server/transports/web-socket/served-socket.ts'
import { SocketWire } from '../../src/server/transports/web-socket/socket-wire.ts'
import { systemClock } from '../../src/upstream/waiting/clock.ts'
import { serveStats } from './serve-stats.ts'

/**
 * WebSockets as the gateway serves them, without anything behind them. Whenever one of them sends a message, pings all that owe
 * no pong, and tells how many these are.
 *
 * With the argument `unfiltered`, pongs come through Node's streams and `ws`, as before the filter.
 */
const isFiltered = process.argv[2] !== 'unfiltered'
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, WebSocket: ServedSocket })
const wires = new Set<SocketWire>()
const options = { head: Buffer.alloc(0), listener: { caughtUp() {}, receiving() {} }, clock: systemClock }
server.on('connection', (ws, request) => {
  const wire = new SocketWire(ws, request.socket, options)
  if (!isFiltered) Reflect.deleteProperty(request.socket, 'push')
  wires.add(wire)
  ws.listen({
    received() {
      const ready = [...wires].filter(({ pingedAt }) => pingedAt === null)
      ws.send(`${ready.length}`)
      for (const wire of ready) wire.ping()
    },
    ponged: (payload) => wire.ponged(payload),
    failed() {},
    threw() {},
    closed: () => wires.delete(wire),
  })
})
await once(server, 'listening')
serveStats(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
