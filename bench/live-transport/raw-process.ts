import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { serveStats } from './serve-stats.ts'

/** What `ws` can do at best: whatever comes in on a socket goes out to all, the same bytes. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    for (const client of server.clients) client.send(data as Buffer, { binary: false })
  })
})
await once(server, 'listening')
serveStats(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
