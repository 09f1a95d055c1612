import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { createClientAddresses } from '../../../src/server/http/client-address.ts'
import { HttpConnections } from '../../../src/server/http/http-connections.ts'
import { startHttpServer } from '../../../src/server/http/http-server.ts'
import { RequestsInFlight } from '../../../src/server/http/requests-in-flight.ts'
import { connectTo } from '../../support/send-raw.ts'

const ANSWER = Buffer.alloc(60_000_000, 'x')
const ASK = 'GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n'
const TIMEOUT_MS = 600

/** Starts a server that answers with 60 MB, and has little patience. */
async function startLarge() {
  const config = parseConfig({ port: 0, shutdownTimeoutMs: 0 })
  const inFlight = new RequestsInFlight()
  const responses: ServerResponse[] = []
  const connections = new HttpConnections(config, createClientAddresses([]))
  const server = await startHttpServer(
    (req, res) => {
      responses.push(res)
      res.once('close', inFlight.add(req, res))
      if (req.url === '/large') res.end(ANSWER)
    },
    { ...config, inFlight, connections, unreadTimeoutMs: TIMEOUT_MS },
  )
  return Object.assign(server, { responses, url: `http://127.0.0.1:${server.port}` })
}

it('a client that reads nothing of its answer is closed', async () => {
  await using server = await startLarge()
  using client = await connectTo(server.url)
  client.socket.pause()
  client.write(ASK)
  await expect.poll(() => server.responses[0]?.destroyed).toBe(true)
})

it('a client that reads slowly gets its whole answer, and one whose answer is not there yet is not closed', async () => {
  await using server = await startLarge()
  using waiting = await connectTo(server.url)
  waiting.write('GET /later HTTP/1.1\r\nhost: localhost\r\n\r\n')
  using client = await connectTo(server.url)
  let bytes = 0
  client.socket.removeAllListeners('data')
  client.socket.on('data', (chunk) => {
    bytes += chunk.length
    client.socket.pause()
  })
  client.write(ASK)
  const startedAt = performance.now()
  // Reads on in steps, for five times as long as a client may read nothing, and then all.
  const timer = setInterval(() => client.socket.resume(), 20)
  await expect.poll(() => performance.now() - startedAt).toBeGreaterThan(5 * TIMEOUT_MS)
  expect(server.responses[1]?.destroyed).toBe(false)
  clearInterval(timer)
  client.socket.on('data', () => client.socket.resume()).resume()
  await expect.poll(() => bytes).toBeGreaterThan(ANSWER.length)
  expect(waiting.socket.destroyed).toBe(false)
  server.responses[0]?.end()
  await expect.poll(() => waiting.received).toContain('200 OK')
})
