import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { UnauthorizedError } from '../../../src/domain/errors.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createSchema } from '../../../src/schema/schema.ts'
import { createFrontDoor } from '../../../src/server/create-front-door.ts'
import { type HttpServer, startHttpServer } from '../../../src/server/http/http-server.ts'
import { createInformers } from '../../support/live-informers.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { createTestRegistry } from '../../support/upstream/create-test-registry.ts'

// Tokens that no service has accepted share a turn by the network of their clients. So each transport must name it.

const ENDPOINT = 'http://127.0.0.1:9'
const QUERY = '{ pins { nodes { id } } }'
const SUBSCRIPTION = 'subscription { pinsChanged { kind } }'
const HEADERS = { authorization: 'Bearer secret', 'x-forwarded-for': '2001:db8:1:2:3:4:5:6' }
const JSON_HEADERS = { ...HEADERS, 'content-type': 'application/json' }

let networks: (string | undefined)[]
let door: ReturnType<typeof createFrontDoor>
let server: HttpServer
let url: string

beforeEach(async () => {
  networks = []
  const config = parseConfig({ port: 0, services: { test: { endpoint: ENDPOINT } }, trustProxy: 1 })
  const registry = createTestRegistry([{ name: 'test', endpoint: ENDPOINT, token: null, provider: null }], 'test')
  const recorded = {
    ...registry,
    tenant(name: string, _token: string | null, network?: string): never {
      networks.push(network)
      throw new UnauthorizedError('go away', { service: name })
    },
  }
  const log = createLogger({ level: 'error', secrets: [], sink: { write() {} } })
  const parts = { schema: createSchema(), registry: recorded, live: createInformers(), isReady: () => true, log }
  door = createFrontDoor(config, parts)
  const { handle, upgrade, inFlight, httpConnections: connections } = door
  server = await startHttpServer(handle, { ...config, upgrade, inFlight, connections })
  url = `http://127.0.0.1:${server.port}/graphql`
})

afterEach(async () => {
  door[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const WAYS = {
  'POST of JSON': () => fetch(url, { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify({ query: QUERY }) }),
  GET: () => fetch(`${url}?query=${encodeURIComponent(QUERY)}`, { headers: HEADERS }),
  'an event stream': async () => {
    const { events } = await openEventStream(url, { query: SUBSCRIPTION }, { method: 'POST', headers: HEADERS })
    await events.next()
  },
  'a WebSocket': async () => {
    await using socket = await openRawSocket(url.replace('http', 'ws'), { headers: HEADERS })
    socket.send({ type: 'connection_init' })
    await socket.next()
    socket.send({ type: 'subscribe', id: '1', payload: { query: QUERY } })
    await socket.next()
  },
}

it.each(Object.entries(WAYS))('%s says from which network its tokens come', async (_, ask) => {
  await ask()
  expect(networks).toEqual(['2001:db8:1:2::/64'])
})
