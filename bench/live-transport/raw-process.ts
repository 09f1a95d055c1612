import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { Heartbeat } from '../../src/server/transports/connections/heartbeat.ts'
import { serveStats } from './serve-stats.ts'

/** The best that `ws` can do: each incoming message is sent to all sockets unchanged. Each socket gets a ping every 12 s. */
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
