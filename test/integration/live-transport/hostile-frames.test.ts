import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRawSocket, type RawSocket } from '../../support/live-transport/raw-socket.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9' })
})
afterAll(() => gateway[Symbol.asyncDispose]())

const deep = `${'['.repeat(6_000)}${']'.repeat(6_000)}`

describe('a frame that is nested 6,000 deep', () => {
  it.each([
    ['a ping', `{"type":"ping","payload":{"a":${deep}}}`],
    ['a pong', `{"type":"pong","payload":{"a":${deep}}}`],
    ['connection_init', `{"type":"connection_init","payload":{"token":${deep}}}`],
    ['a member that nobody reads', `{"type":"ping","other":${deep}}`],
    ['no message at all', deep],
  ])('closes its socket with 4400 before it is read: %s', async (_what, frame) => {
    await using socket = await openRawSocket(gateway.url.replace('http', 'ws'))
    socket.send(frame)

    expect(await socket.closed).toBe(4400)
    expect(await gateway.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } })
    expect(gateway.logged.join('')).not.toContain('Unexpected error')
  })

  it('closes its socket with 4400 as variables too', async () => {
    await using socket = await openRawSocket(gateway.url.replace('http', 'ws'), { token: 'any' })
    socket.send(`{"id":"1","type":"subscribe","payload":{"query":"{ __typename }","variables":{"a":${deep}}}}`)

    expect(await socket.closed).toBe(4400)
  })
})

describe('a message in many frames', () => {
  /** Sends a message in frames of a few bytes. */
  function sendInFrames({ ws }: RawSocket, frames: number): void {
    const text = '{"type":"ping"}'.padEnd(frames)
    const bytes = text.length / frames
    for (let n = 0; n < frames; n++) ws.send(text.slice(n * bytes, (n + 1) * bytes), { fin: n === frames - 1 })
  }

  it('is read from a client that splits what it sends', async () => {
    await using socket = await openRawSocket(gateway.url.replace('http', 'ws'))
    sendInFrames(socket, 250)

    expect(await socket.next()).toEqual({ type: 'pong' })
  })

  it('closes its socket before the frames fill the memory', async () => {
    await using socket = await openRawSocket(gateway.url.replace('http', 'ws'))
    sendInFrames(socket, 300)

    expect(await socket.closed).toBe(1008)
  })
})

describe('variables that are nested 6,000 deep over HTTP', () => {
  const body = `{"query":"{ __typename }","variables":{"a":${deep}}}`

  it.each([
    ['the usual way', {}],
    ['another charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['any type of answer', { accept: 'text/html;q=0.1, application/json;charset=utf-8' }],
    ['an event stream', { accept: 'text/event-stream' }],
    ['GraphQL in the name', { 'content-type': 'application/graphql+json' }],
  ])('get status 400: %s', async (_way, headers: Record<string, string>) => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    })

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] })
    expect(gateway.logged.join('')).not.toContain('Unexpected error')
  })

  it('get status 400 in chunks, and in the URL of a GET', async () => {
    const chunked = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit)
    const variables = encodeURIComponent(`{"a":${'['.repeat(900)}${']'.repeat(900)}}`)
    const url = `${gateway.url}?query=${encodeURIComponent('{ __typename }')}&variables=${variables}`

    expect(chunked.status).toBe(400)
    expect((await fetch(url)).status).toBe(400)
    expect(gateway.logged.join('')).not.toContain('Unexpected error')
  })
})
