import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { Heartbeat } from '../../src/server/transports/connections/heartbeat.ts'
import { serveStats } from './serve-stats.ts'

/** What `ws` can do at best: whatever comes in on a socket goes out to all, the same bytes; and a ping for each every 12 s. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
const heartbeat = new Heartbeat<WebSocket>((socket) => socket.ping())
setInterval(() => heartbeat.step(), Heartbeat.stepMs(12_000))
server.on('connection', (socket) => {
  heartbeat.add(socket)
  socket.on('close', () => heartbeat.delete(socket))
  socket.on('message', (data) => {
    for (const client of server.clients) client.send(data as Buffer, { binary: false })
  })
})
await once(server, 'listening')
serveStats(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
