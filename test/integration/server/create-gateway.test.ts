import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import express from 'express'
import { describe, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { createGateway, parseConfig } from '../../../src/index.ts'
import { CLOSE_REASONS } from '../../../src/server/transports/web-socket/close-reasons.ts'
import { deferred } from '../../support/deferred.ts'
import { embed, openHandles, openSocket, post, type Serve } from '../../support/embedding/embed.ts'
import { logTo } from '../../support/embedding/log-to.ts'
import { serveWithExpress } from '../../support/embedding/serve-with-express.ts'
import { serveWithFastify } from '../../support/embedding/serve-with-fastify.ts'
import { serveWithHono } from '../../support/embedding/serve-with-hono.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import {
  bearer,
  eventsOf,
  nextOf,
  PINS_CHANGED,
  seedQueued,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { startScriptedServer, text } from '../../support/scripted-server.ts'
import { ALICE } from '../../support/start-test-api.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const COUNT = '{ pins { totalCount } }'
const HOSTS: readonly [name: string, serve: Serve][] = [
  ['Fastify', serveWithFastify],
  ['Express', serveWithExpress],
  ['Hono', serveWithHono],
]

describe.each(HOSTS)('a gateway in %s', (_name, serve) => {
  it('answers queries and mutations in every form, and shows GraphiQL', async () => {
    await using host = await embed(serve)
    const add = 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { cid } error { code } } }'
    expect(await post(host.url, add)).toEqual({
      status: 200,
      body: { data: { addPin: { pin: { cid: 'bafkqablimvwgy3y' }, error: null } } },
    })
    const counted = { status: 200, body: { data: { pins: { totalCount: 1 } } } }
    expect(await post(host.url, COUNT)).toEqual(counted)
    // Yoga answers what is unusual.
    const byGet = await fetch(`${host.url}?query=${encodeURIComponent(COUNT)}`, { headers: bearer(ALICE) })
    expect({ status: byGet.status, body: await byGet.json() }).toEqual(counted)
    const charset = { ...bearer(ALICE), accept: 'application/json; charset=utf-8' }
    expect(await post(host.url, COUNT, charset)).toEqual(counted)
    const page = await fetch(host.url, { headers: { accept: 'text/html' } })
    expect(await page.text()).toContain('<title>pinql</title>')
  })

  it('serves subscriptions over WebSockets and event streams', async () => {
    await using host = await embed(serve)
    const [pin] = seedQueued(host.service, 1)
    const client = stockClient(host.url.replace('http', 'ws'))
    const overSocket = eventsOf(client, { query: PINS_CHANGED })
    const stream = await openEventStream(host.url, { query: PINS_CHANGED }, { headers: bearer(ALICE), method: 'POST' })
    const overStream = async () => Object.values(JSON.parse((await nextOf(stream.events)).data).data)[0]
    expect(stream.response.status).toBe(200)
    for (const next of [() => nextOf(overSocket), overStream]) {
      expect(await next()).toMatchObject({ kind: 'SNAPSHOT', pinId: pin?.id })
    }
    host.service.setStatus(ALICE, pin?.requestId ?? '', 'pinned')
    await post(host.url, `{ pin(id: "${pin?.id}") { status } }`)
    for (const next of [() => nextOf(overSocket), overStream])
      expect(await next()).toMatchObject({ kind: 'STATUS_CHANGED', pin: { status: 'PINNED' } })
    stream.close()
    await client.dispose()
  })

  it('answers requests that offer another protocol as if they did not', async () => {
    await using host = await embed(serve)
    const body = JSON.stringify({ query: '{ services { name } }' })
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAAP__',
    }
    const [response] = await once(request(host.url, { method: 'POST', headers }).end(body), 'response')
    expect([response.statusCode, await json(response)]).toEqual([200, { data: { services: [{ name: 'one' }] } }])
  })

  it('sends WebSockets and event streams away when it drains, and leaves nothing open', async () => {
    const before = openHandles()
    {
      await using host = await embed(serve)
      const { gateway, url } = host
      expect(gateway.isReady()).toBe(true)
      const { closed } = await openSocket(url)
      const stream = await openEventStream(url, { query: PINS_CHANGED }, { headers: bearer(ALICE) })
      expect(JSON.parse((await nextOf(stream.events)).data).data.pinsChanged.kind).toBe('CAUGHT_UP')

      const drained = gateway.drain()
      expect(gateway.isReady()).toBe(false)
      expect(await closed).toBe(CLOSE_REASONS.goingAway[0])
      await expect(stream.events.next()).rejects.toThrow('terminated')
      await drained
      const late = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
      const [error] = await once(late, 'error')
      expect(error.message).toBe('Unexpected server response: 503')
      // The host decides when it stops to listen.
      expect((await post(url, COUNT)).status).toBe(200)
      await host.stop()
      await expect(fetch(url)).rejects.toThrow('fetch failed')
    }
    await expect.poll(openHandles).toBeLessThanOrEqual(before)
  })
})

describe('a gateway in a host', () => {
  it('answers at once with an error if a body parser of the host has read the body', async () => {
    await using host = await embed(async (gateway, port) => {
      const server = express().use(express.json()).all('/graphql', gateway.handle).listen(port)
      await once(server, 'listening')
      return server
    })
    const message =
      'The body of this request was read before pinql got the request: expected pinql before any body parser'
    expect(await post(host.url, COUNT, { 'x-request-id': 'r1' })).toEqual({
      status: 500,
      body: { errors: [{ message, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' } }] },
    })
    expect(host.logged.join()).toContain(message)
  })

  it('answers requests in flight before it has drained', async () => {
    await using upstream = await startScriptedServer()
    const [asked, free] = [deferred(), deferred()]
    upstream.reply(async (...exchange) => {
      asked.resolve()
      await free.promise
      await text(401, 'no')(...exchange)
    })
    await using host = await embed(serveWithExpress, {}, { services: { one: { endpoint: upstream.endpoint } } })
    const answered = post(host.url, '{ pins { nodes { id } } }')
    await asked.promise
    let isDrained = false
    const drained = host.gateway.drain().then(() => {
      isDrained = true
    })
    expect(host.gateway.isReady()).toBe(false)
    await post(host.url, '{ services { name } }')
    expect(isDrained).toBe(false)
    free.resolve()
    expect(await answered).toMatchObject({ status: 200, body: { errors: [{ extensions: { code: 'UNAUTHORIZED' } }] } })
    await drained
  })

  it('writes its log to the logger of the host, without tokens', async () => {
    const lines: [level: string, fields: object, message: string][] = []
    const level = (name: string) => (fields: object, message: string) => void lines.push([name, fields, message])
    const log = logTo({ info: level('info'), warn: level('warn'), error: level('error') })
    const token = 'configured-token'
    await using host = await embed(
      serveWithExpress,
      { log },
      { services: { one: { endpoint: 'http://127.0.0.1:9', token } } },
    )
    await post(host.url, `{ pins(filter: { name: "${token}" }) { totalCount } }`, { 'x-request-id': token })
    await host.stop()
    expect(lines).toEqual([
      ['warn', { service: 'one', state: 'down' }, expect.stringMatching(/^one could not be reached: ECONNREFUSED, /)],
      ['info', expect.objectContaining({ path: '/graphql', requestId: '[redacted]', status: 200 }), 'request'],
    ])
  })

  it('runs the embedded service, and stops it', async () => {
    const before = openHandles()
    await using folder = await temporaryFolder()
    {
      await using gateway = await createGateway(parseConfig({ dataDir: folder.path }), { log: { write() {} } })
      const server = await serveWithExpress(gateway, 0)
      const { port } = server.address() as { port: number }
      expect(await post(`http://localhost:${port}/graphql`, COUNT, {})).toMatchObject({ status: 200 })
      server.close()
    }
    await expect.poll(openHandles).toBeLessThanOrEqual(before)
  })
})

describe('a WebSocket at another path', () => {
  const open = (host: { url: string }) => new WebSocket(host.url.replace('http', 'ws').replace('/graphql', '/own'))

  it("is left to the host's own listener", async () => {
    await using host = await embed(serveWithExpress)
    const sockets = new WebSocketServer({ noServer: true })
    host.server.on('upgrade', (req, socket, head) => {
      if (req.url === '/own') sockets.handleUpgrade(req, socket, head, (ws) => ws.send('from the host'))
    })
    const [message] = await once(open(host), 'message')
    expect(String(message)).toBe('from the host')
    sockets.close()
    for (const ws of sockets.clients) ws.terminate()
  })

  it('gets status 404 where the host has no listener', async () => {
    await using host = await embed(serveWithExpress)
    const [, response] = await once(open(host), 'unexpected-response')
    expect(response.statusCode).toBe(404)
  })
})

const servePlain: Serve = async (gateway, port) => {
  const server = createServer(gateway.handle).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

it('starts no change, and sends no request, once it is disposed', async () => {
  await using host = await embed(servePlain)
  await host.gateway[Symbol.asyncDispose]()
  const add = 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { id } error { code } } }'
  const unavailable = { body: { data: { addPin: { pin: null, error: { code: 'SERVICE_UNAVAILABLE' } } } } }
  expect(await post(host.url, add)).toMatchObject(unavailable)
  expect(host.service.requests).toEqual([])
  expect(host.logged.filter((line) => line.includes('"error"'))).toEqual([])
})

describe("routes of the host's own", () => {
  const METRICS = '/metrics'

  it('are served with the same checks and headers as all other routes', async () => {
    const routes = {
      [METRICS]: (_req: IncomingMessage, res: ServerResponse) => void res.end('up 1'),
      '/broken': (_req: IncomingMessage, res: ServerResponse) => {
        res.setHeader('transfer-encoding', 'chunked').setHeader('content-encoding', 'gzip').statusMessage = 'Fine'
        return Promise.reject(new Error('of the host'))
      },
    }
    await using host = await embed(servePlain, { routes })
    const at = (path: string, headers = {}) => fetch(new URL(path, host.url), { headers })
    const metrics = await at(`${METRICS}?a=1`, { 'x-request-id': 'mine' })
    expect([metrics.status, await metrics.text(), metrics.headers.get('x-request-id')]).toEqual([200, 'up 1', 'mine'])
    expect((await at(METRICS, { origin: 'https://elsewhere.example' })).status).toBe(403)
    const broken = await at('/broken')
    expect([broken.status, await broken.json()]).toMatchObject([500, { errors: [{ message: 'Unexpected error.' }] }])
    expect(broken.statusText).toBe('Internal Server Error')
    expect(host.logged.join()).toContain('of the host')
    const options = await fetch(new URL(METRICS, host.url), { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([
      204,
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ])
    expect((await at('/other')).status).toBe(404)
  })

  it('get bodies in any compression and charset, but none that a page of any site could send', async () => {
    const routes = { '/hook': (req: IncomingMessage, res: ServerResponse) => void req.pipe(res) }
    await using host = await embed(servePlain, { routes })
    const post = async (path: string, headers: Record<string, string>) => {
      const response = await fetch(new URL(path, host.url), { method: 'POST', headers, body: 'a body' })
      return [response.status, await response.text()]
    }
    for (const headers of [
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      { 'content-type': 'application/xml; charset=iso-8859-1' },
    ]) {
      expect(await post('/hook', headers)).toEqual([200, 'a body'])
      expect((await post('/graphql', headers))[0]).toBe(415)
    }
    expect((await post('/hook', { 'content-type': 'text/plain' }))[0]).toBe(415)
  })

  it('refuse a handler that is not a function', async () => {
    const routes = { [METRICS]: null } as never
    await expect(embed(serveWithExpress, { routes })).rejects.toThrow('routes: expected a function for "/metrics"')
  })

  it.each(['/graphql', '/graphql/', '/health', '/', 'metrics', '/metrics?a=1', '', '/a b', '/a\nb'])(
    'refuse the path %j',
    async (path) => {
      await expect(embed(serveWithExpress, { routes: { [path]: () => {} } })).rejects.toThrow(
        'routes: expected paths such as',
      )
    },
  )
})
