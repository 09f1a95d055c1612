import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { RequestRoom } from '../../../src/domain/request-room.ts'
import { type RunningGateway, startGateway } from '../../../src/server/start-gateway.ts'
import { createGraphqlHandler } from '../../../src/server/transports/create-graphql-handler.ts'
import { Stop } from '../../../src/upstream/waiting/stop.ts'
import { connectTo } from '../../support/send-raw.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const CHUNKS = 5_000

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let gateway: RunningGateway
beforeAll(async () => {
  folder = await temporaryFolder()
  const services = { test: { endpoint: 'http://127.0.0.1:9', token: 'test-token' } }
  gateway = await startGateway(parseConfig({ port: 0, dataDir: folder.path, services }), {
    logSink: { write: () => {} },
    routes: { '/unread': (_req, res) => void res.end('of the host') },
  })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const headOf = (method: string, path: string, accept = '*/*') =>
  `${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: ${accept}\r\n`

const chunked = (head: string, length: number) =>
  `${head}transfer-encoding: chunked\r\n\r\n${`${length.toString(16)}\r\n${' '.repeat(length)}\r\n`.repeat(CHUNKS)}0\r\n\r\n`

/** Sends a body in chunks of so many bytes, and another request behind it. Returns the statuses of all answers. */
async function statusesFor(method: string, path: string, length: number): Promise<string[]> {
  using client = await connectTo(gateway.url)
  client.write(chunked(headOf(method, path), length))
  client.write('GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  await client.closed
  return client.received.match(/(?<=HTTP\/1\.1 )\d+/g) ?? []
}

it.each([
  ['POST', '/graphql'],
  ['PUT', '/graphql'],
  ['POST', '/health'],
  ['POST', '/nowhere'],
  ['POST', '/unread'],
  ['GET', '/unread'],
  ['GET', '/graphql?query=%7B__typename%7D'],
])('a body in thousands of chunks of one byte closes its connection: %s %s', async (method, path) => {
  expect((await statusesFor(method, path, 1)).length).toBeLessThan(2)
})

it('a body in thousands of chunks of 32 bytes is skipped, and its connection used again', async () => {
  expect(await statusesFor('POST', '/nowhere', 32)).toEqual(['404', '200'])
})

it('a request whose body is given up is not answered by its URL', async () => {
  const served: string[] = []
  const handle = createGraphqlHandler(
    { isSubscription: () => true, serveEventStream: async () => void served.push('event stream') },
    () => void served.push('answer'),
    { maxRequestBytes: 1_000_000, room: new RequestRoom(1_000_000) },
  )
  const answered: unknown[] = []
  const server = createServer((req, res) => {
    const gone = new Stop()
    res.on('close', () => gone.abort())
    answered.push(handle(req, res, { requestId: 'r', gone, address: '127.0.0.1' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  using client = await connectTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.write(chunked(headOf('POST', '/graphql?query=%7Ba%7D', 'application/json, text/event-stream'), 1))
  await client.closed
  await Promise.all(answered)
  server.close()
  expect([answered.length, served]).toEqual([1, []])
})
