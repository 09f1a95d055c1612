import { afterAll, beforeAll, expect, it } from 'vitest'
import { WAYS_IN } from '../../support/gateway/ways-in.ts'
import { connectTo } from '../../support/send-raw.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9', corsOrigins: ['https://a.example'] })
})
afterAll(() => gateway[Symbol.asyncDispose]())

it.each([
  'GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n',
  'GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: evil.example\r\nhOsT: localhost\r\n\r\n',
  'GET /health HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n',
  'GET /graphql HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
])('a request with two Host headers gets 400: %j', async (head) => {
  using connection = await connectTo(gateway.url)
  connection.write(head)
  await expect.poll(() => connection.received).toContain('Expected one Host header, got several')
  expect(connection.received).toMatch(/^HTTP\/1\.1 400 /)
})

it.each(Object.entries(WAYS_IN))(
  'pages of other sites are told the same, whatever rule refused them: %s',
  async (_, enter) => {
    const foreign = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:5173' },
      { origin: 'https://a.example:8443' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    ]
    const answers = await Promise.all(
      foreign.map(async (headers) => {
        const { status, body } = await enter(gateway.url, headers as Record<string, string>)
        return `${status} ${JSON.parse(body).errors[0].message}`
      }),
    )
    expect(new Set(answers)).toEqual(
      new Set(['403 Expected a page of this gateway or of an allowed origin; see corsOrigins']),
    )
  },
)

it('the log says which rule refused a page', async () => {
  await fetch(gateway.url, { headers: { origin: 'https://evil.example' } })
  const refused = gateway.logged.map((line) => JSON.parse(line)).filter(({ rule }) => rule !== undefined)
  expect(refused).toContainEqual(expect.objectContaining({ rule: 'origin', requestId: expect.any(String) }))
})
