// Runs in a worker thread: a service that logs when each request arrives, behind a proxy that makes connections slow.
//
// A new connection takes up to 250 ms. What a client sends travels up to 10 ms, longer on some connections than on others. The
// service answers after up to 300 ms, and closes a connection after every 50th answer, so that new ones are opened all the time.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { parentPort } from 'node:worker_threads'

const SLOWEST_CONNECT_MS = 250
const SLOWEST_TRAVEL_MS = 10
const SLOWEST_ANSWER_MS = 300
const arrivals = []
let connections = 0
let lateMs = 0
let due = performance.now() + 20
setInterval(() => {
  lateMs = Math.max(lateMs, performance.now() - due)
  due = performance.now() + 20
}, 20)

const service = createServer((request, response) => {
  arrivals.push(performance.timeOrigin + performance.now())
  request.resume()
  setTimeout(() => {
    if (arrivals.length % 50 === 0) response.setHeader('connection', 'close')
    const isRemoval = request.method === 'DELETE'
    response.writeHead(isRemoval ? 202 : 200, { 'content-type': 'application/json' })
    response.end(isRemoval ? '' : '{"count":0,"results":[]}')
  }, Math.random() * SLOWEST_ANSWER_MS)
})
const proxy = createServer()
proxy.on('connect', (_request, client) => {
  connections += 1
  const travelMs = Math.random() * SLOWEST_TRAVEL_MS
  const upstream = connect(service.address().port, '127.0.0.1')
  for (const socket of [client, upstream]) socket.on('error', () => {})
  client.on('close', () => upstream.destroy())
  client.on('data', (chunk) => setTimeout(() => upstream.writable && upstream.write(chunk), travelMs))
  setTimeout(() => client.write('HTTP/1.1 200 Connection established\r\n\r\n'), Math.random() * SLOWEST_CONNECT_MS)
  upstream.pipe(client)
})

for (const server of [service, proxy]) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}
parentPort.on('message', () => parentPort.postMessage({ arrivals, connections, lateMs }))
parentPort.postMessage({ service: service.address().port, proxy: proxy.address().port })
