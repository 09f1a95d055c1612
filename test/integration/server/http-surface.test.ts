import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9', maxRequestBytes: 2_000 })
})
afterAll(() => gateway[Symbol.asyncDispose]())

// Not fetch: it would not let a test choose Host, Origin and the like.
async function send(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const { method = 'GET', headers = {}, body } = options
  const outgoing = request(new URL(path, gateway.url), { method, headers }).end(body)
  const [response] = await once(outgoing, 'response')
  return { status: response.statusCode as number, headers: response.headers, body: await text(response) }
}

function urlParts(url: string): { hostname: string; port: string } {
  const { hostname, port } = new URL(url)
  return { hostname, port }
}

const json = { 'content-type': 'application/json' }
const typename = JSON.stringify({ query: '{ __typename }' })

describe('paths', () => {
  it('/health and /ready answer 200 while serving', async () => {
    expect(await send('/health')).toMatchObject({ status: 200, body: '{"status":"up"}\n' })
    expect(await send('/ready')).toMatchObject({ status: 200, body: '{"status":"ready"}\n' })
  })

  it('/ leads a browser to GraphiQL', async () => {
    expect(await send('/', { headers: { accept: 'text/html' } })).toMatchObject({
      status: 302,
      headers: { location: './graphql' },
    })
  })

  it.each(['/', '/nothing', '/graphql/more', '/x/graphql', '/healthy'])(
    '%s is 404, and says where things are',
    async (path) => {
      const { status, body } = await send(path)
      expect(status).toBe(404)
      expect(JSON.parse(body)).toEqual({
        message: `Nothing is at ${path}. GraphQL and GraphiQL are at /graphql; /health and /ready report its state.`,
      })
    },
  )

  it('a query that ends like another path is still a query', async () => {
    const { body } = await send(`/graphql?query=${encodeURIComponent('{ __typename }')}&x=/health`)
    expect(body).not.toBe('')
  })
})

it.each(['application/json, text/event-stream', 'application/json'])(
  'the next request on a connection is answered after a body that was too long, where %s is accepted',
  async (accept) => {
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    const answers: string[] = []
    socket.on('data', (chunk) => answers.push(String(chunk)))
    const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: ${accept}\r\ncontent-type: application/json\r\n`
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${(100_000).toString(16)}\r\n${'x'.repeat(50_000)}`)
    await expect.poll(() => answers.join('')).toMatch(/^HTTP\/1\.1 413 /)
    socket.write(`${'x'.repeat(50_000)}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    await expect.poll(() => answers.join('')).toContain('{"status":"up"}')
    socket.destroy()
  },
)

describe('a malformed Host', () => {
  it.each(['127.0.0.1:99999', '[', 'a b', '%', 'localhost:x'])('%s is refused, whatever is asked for', async (host) => {
    const paths = [`/graphql?query=${encodeURIComponent('{ __typename }')}`, '/graphql', '/', '/health']
    for (const path of paths) {
      const { status, body } = await send(path, { headers: { host } })
      expect([path, status, JSON.parse(body).errors[0].extensions.code]).toEqual([path, 400, 'BAD_REQUEST'])
    }
  })

  it.each(['localhost', '127.0.0.1:4000'])(
    'may stand in the request line as well, as for a proxy, whatever is in the header: %s',
    async (host) => {
      const answers = ['/health', `/graphql?query=${encodeURIComponent('{ __typename }')}`].map(async (path) => {
        const whole = new URL(path, gateway.url).href
        const outgoing = request({ ...urlParts(gateway.url), path: whole, headers: { host } }).end()
        const [response] = await once(outgoing, 'response')
        return [response.statusCode, JSON.parse(await text(response))]
      })
      expect(await Promise.all(answers)).toEqual([
        [200, { status: 'up' }],
        [200, { data: { __typename: 'Query' } }],
      ])
    },
  )

  it('in the request line is checked in place of the one in the header', async () => {
    const outgoing = request({ ...urlParts(gateway.url), path: 'http://evil.example/graphql' }).end()
    const [response] = await once(outgoing, 'response')
    expect(response.statusCode).toBe(403)
    response.resume()
  })
})

describe('GraphiQL', () => {
  it('is one page that may neither load from or send to other origins, nor be framed', async () => {
    const { status, headers, body } = await send('/graphql', { headers: { accept: 'text/html' } })
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toMatch(/default-src 'self'.*connect-src 'self'.*frame-ancestors 'none'/)
    expect(body).toContain('<title>pinql</title>')
    expect(body).toContain('AddPin($input: AddPinInput!)')
  })
})

describe('requests', () => {
  it('queries by GET need no special header, so that curl and links work', async () => {
    const { body } = await send(`/graphql?query=${encodeURIComponent('{ __typename }')}`)
    expect(JSON.parse(body)).toEqual({ data: { __typename: 'Query' } })
  })

  it('mutations by GET are refused', async () => {
    const query = encodeURIComponent('mutation { removePin(input: { id: "x" }) { pinId } }')
    expect((await send(`/graphql?query=${query}`)).status).toBe(405)
  })

  it('bodies over the limit are refused, announced or not', async () => {
    const body = JSON.stringify({ query: '{ __typename }', variables: { text: 'x'.repeat(3_000) } })
    expect((await send('/graphql', { method: 'POST', headers: json, body })).status).toBe(413)
    const chunked = { ...json, 'transfer-encoding': 'chunked' }
    expect((await send('/graphql', { method: 'POST', headers: chunked, body })).status).toBe(413)
  })

  it.each([{ n: 'x' }, {}])(
    'wrong variables (%j) have one code, and the status of the type asked for',
    async (variables) => {
      const body = JSON.stringify({ query: 'query ($n: Int!) { pins(first: $n) { __typename } }', variables })
      for (const [accept, expected] of [
        ['application/json', 200],
        ['application/graphql-response+json', 400],
      ] as const) {
        const { status, body: answer } = await send('/graphql', { method: 'POST', headers: { ...json, accept }, body })
        const { errors } = JSON.parse(answer)
        expect({ status, errors }).toMatchObject({
          status: expected,
          errors: [{ extensions: { code: 'BAD_REQUEST' } }],
        })
        expect(errors[0].message).toContain('"$n"')
      }
    },
  )

  it('documents of too many words are refused before they are validated', async () => {
    await using roomy = await startTestGateway({ upstream: 'http://127.0.0.1:9' })
    const { errors } = await roomy.query(`{ ${'a '.repeat(6_000)} }`)
    expect(errors?.[0]?.message).toContain('5000 tokens')
  })

  it('forms are refused, since any web page can send one', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const { status, body } = await send('/graphql', { method: 'POST', headers, body: 'query={__typename}' })
    expect(status).toBe(415)
    expect(JSON.parse(body).errors[0]).toMatchObject({
      message: 'Expected content-type application/json, got application/x-www-form-urlencoded',
      extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    })
  })

  it('for /health and /ready may be for any host name, since load balancers ask by address', async () => {
    for (const path of ['/health', '/ready']) {
      expect((await send(path, { headers: { host: '10.0.0.1' } })).status).toBe(200)
    }
  })

  it('to another host name are refused', async () => {
    for (const path of ['/graphql', '/healthy', '/']) {
      const { status, body } = await send(path, { headers: { host: 'evil.example', accept: 'text/html' } })
      expect(status).toBe(403)
      expect(JSON.parse(body).errors[0].extensions.code).toBe('FORBIDDEN_HOST')
    }
  })
})

describe('request ids', () => {
  it('are taken from the caller when valid', async () => {
    expect((await send('/health', { headers: { 'x-request-id': 'abc-1' } })).headers['x-request-id']).toBe('abc-1')
  })

  it('are made otherwise, and are in the log line of the request', async () => {
    const response = await send('/graphql', { method: 'POST', headers: json, body: typename })
    const id = response.headers['x-request-id']
    expect(id).toMatch(/^[\da-f-]{36}$/)
    const lines = gateway.logged.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === id)
    expect(lines).toMatchObject([{ level: 'info', method: 'POST', path: '/graphql', status: 200, msg: 'request' }])
  })

  it('name refused requests too', async () => {
    const { headers, body } = await send('/graphql', { headers: { host: 'evil.example' } })
    expect(JSON.parse(body).errors[0].extensions.requestId).toBe(headers['x-request-id'])
  })
})

describe('CORS', () => {
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }

  it('lets a loopback page ask and read', async () => {
    const origin = 'http://localhost:5173'
    const asked = await send('/graphql', { method: 'OPTIONS', headers: { origin, ...preflight } })
    expect(asked).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'content-type',
        'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
        vary: 'origin',
      },
    })
    const answered = await send('/graphql', { method: 'POST', headers: { ...json, origin }, body: typename })
    expect(answered).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'x-request-id',
        vary: 'origin',
      },
    })
    expect(answered.headers['access-control-allow-credentials']).toBeUndefined()
  })

  it.each(['OPTIONS', 'POST', 'GET'])(
    'refuses a page of another site by %s, without running anything',
    async (method) => {
      const headers = { ...json, origin: 'https://evil.example', ...preflight }
      const {
        status,
        headers: answer,
        body,
      } = await send('/graphql', { method, headers, body: method === 'POST' ? typename : '' })
      expect(status).toBe(403)
      expect(answer['access-control-allow-origin']).toBeUndefined()
      expect(JSON.parse(body).errors[0].extensions.code).toBe('FORBIDDEN_ORIGIN')
    },
  )
})
