import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { giveWay } from '../../../src/upstream/waiting/give-way.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { PIN_STATUS_CHANGED, seedQueued, startLiveSetup } from '../../support/live-transport/start-live-setup.ts'
import { ALICE } from '../../support/start-test-api.ts'

const INIT = { type: 'connection_init' }
const SUBSCRIBE = { id: '1', type: 'subscribe', payload: { query: '{ services { name } }' } }

describe('graphql-transport-ws', () => {
  it('closes with the code that the protocol has for each mistake', async () => {
    await using setup = await startLiveSetup()
    const { id } = seedQueued(setup.service, 1)[0] ?? { id: '' }
    const forever = { query: PIN_STATUS_CHANGED, variables: { ids: [id] } }
    const codeAfter = async (...messages: unknown[]) => {
      await using socket = await openRawSocket(setup.url)
      for (const message of messages) {
        if (message instanceof Uint8Array) socket.ws.send(message)
        else socket.send(message)
      }
      return await socket.closed
    }
    expect(await codeAfter('no JSON')).toBe(4400)
    expect(await codeAfter('{"type":"no such type"}')).toBe(4400)
    expect(await codeAfter({ type: 'next', id: '1', payload: {} })).toBe(4400)
    expect(await codeAfter({ type: 'subscribe', id: '', payload: SUBSCRIBE.payload })).toBe(4400)
    expect(await codeAfter(INIT, { ...SUBSCRIBE, id: 'x'.repeat(300) })).toBe(4400)
    expect(await codeAfter(Buffer.from(JSON.stringify(INIT)))).toBe(4400)
    expect(await codeAfter({ type: 'connection_init', payload: { token: 7 } })).toBe(4400)
    expect(await codeAfter(SUBSCRIBE)).toBe(4401)
    expect(
      await codeAfter(
        { type: 'connection_init', payload: { token: ALICE } },
        { ...SUBSCRIBE, payload: forever },
        SUBSCRIBE,
      ),
    ).toBe(4409)
    expect(await codeAfter(INIT, INIT)).toBe(4429)
    expect(await codeAfter(INIT, 'x'.repeat(65_537))).toBe(1009)
    await using silent = await openRawSocket(setup.url)
    expect(await silent.closed).toBe(4408)
  })

  it.each([
    [{ authorization: 'bad' }, 'Expected "Bearer" and one token in authorization'],
    [{ headers: { Authorization: 'Basic YTpi' } }, 'Expected "Bearer" and one token in Authorization'],
    [{ authToken: 'a' }, 'Expected a token in "Authorization" or "X-Pinning-Token-NAME", got authToken'],
  ])('says in words which token it cannot read: %o', async (payload, words) => {
    await using setup = await startLiveSetup()
    await using socket = await openRawSocket(setup.url)
    const closed = once(socket.ws, 'close')
    socket.send({ type: 'connection_init', payload })
    expect((await closed).map(String)).toEqual(['4400', words])
  })

  it('answers in order what comes behind a connection_init without waiting for its answer', async () => {
    await using setup = await startLiveSetup()
    await using socket = await openRawSocket(setup.url)

    const messages = [INIT, { type: 'ping' }, SUBSCRIBE, { ...SUBSCRIBE, id: '2' }]
    for (const message of messages) socket.send(message)

    const types = [await socket.next(), await socket.next()].map(({ type }) => type)
    expect(types).toEqual(['connection_ack', 'pong'])
    const answers = await Promise.all(Array.from({ length: 4 }, () => socket.next()))
    expect(answers.map(({ id, type }) => `${id} ${type}`).sort()).toEqual([
      '1 complete',
      '1 next',
      '2 complete',
      '2 next',
    ])
  })

  it('is the only sub-protocol', async () => {
    await using setup = await startLiveSetup()
    for (const protocols of [[], ['graphql-ws'], ['graphql-ws', 'x']]) {
      await using socket = await openRawSocket(setup.url, { protocols })
      // The stock client gives up where none was chosen before it hears the code.
      expect([4406, 1006]).toContain(await socket.closed)
    }
    await using both = await openRawSocket(setup.url, { protocols: ['graphql-ws', 'graphql-transport-ws'] })
    expect(both.ws.protocol).toBe('graphql-transport-ws')
  })

  it('is open to pages of this gateway and of allowed origins only, under names of this gateway only', async () => {
    await using setup = await startLiveSetup({ corsOrigins: ['https://app.example'] })
    const statusFor = async (path: string, headers: Record<string, string>) => {
      await using socket = await openRawSocket(setup.url.replace('/graphql', path), { headers })
      const { ws } = socket
      return ws.readyState === ws.OPEN ? 101 : 'refused'
    }
    expect(await statusFor('/graphql', { origin: 'https://app.example' })).toBe(101)
    expect(await statusFor('/graphql/', {})).toBe(101)
    expect(await statusFor('/graphql', { origin: 'https://evil.example' })).toBe('refused')
    expect(await statusFor('/graphql', { host: 'evil.example' })).toBe('refused')
    expect(await statusFor('/other', {})).toBe('refused')
  })

  it('answers pings, with their payload, and takes pongs and completes of anything', async () => {
    await using setup = await startLiveSetup()
    await using socket = await openRawSocket(setup.url)
    socket.send({ type: 'ping' })
    expect(await socket.next()).toEqual({ type: 'pong' })
    socket.send({ type: 'pong' })
    socket.send({ type: 'complete', id: 'unknown' })
    socket.send({ type: 'ping', payload: { at: 1 } })
    expect(await socket.next()).toEqual({ type: 'pong', payload: { at: 1 } })
  })

  it('reports mistakes in an operation as an error of that operation', async () => {
    await using setup = await startLiveSetup()
    await using socket = await openRawSocket(setup.url, { token: ALICE })
    const errorsOf = async (payload: object) => {
      socket.send({ id: 'x', type: 'subscribe', payload })
      const { type, id, payload: errors } = await socket.next()
      expect([type, id]).toEqual(['error', 'x'])
      return (errors as { message: string; extensions?: { code?: string } }[]).map(
        (each) => each.extensions?.code ?? each.message,
      )
    }
    expect(await errorsOf({ query: '{' })).toEqual(['GRAPHQL_PARSE_FAILED'])
    expect(await errorsOf({ query: '{ no such }' })).toHaveLength(2)
    expect(await errorsOf({ query: `{ ${'a '.repeat(5_001)} }` })).toEqual(['GRAPHQL_PARSE_FAILED'])
    const several = 'query A { __typename } query B { __typename }'
    expect(await errorsOf({ query: several })).toEqual(['OPERATION_RESOLUTION_FAILURE'])
    expect(await errorsOf({ query: several, operationName: 'C' })).toEqual(['OPERATION_RESOLUTION_FAILURE'])
  })

  it('sends the errors of a subscription that cannot begin as its only result, as the reference server does', async () => {
    await using setup = await startLiveSetup()
    await using socket = await openRawSocket(setup.url, { token: ALICE })
    for (const [variables, path] of [
      [{ ids: [] }, ['pinStatusChanged']],
      [{}, undefined],
    ] as const) {
      socket.send({ id: 'x', type: 'subscribe', payload: { query: PIN_STATUS_CHANGED, variables } })
      const result = await socket.next()
      expect(result).toMatchObject({ id: 'x', type: 'next' })
      // Without `data`, which ariadne-codegen would take for an event that has nothing to show.
      expect(Object.keys(result.payload as object)).toEqual(['errors'])
      const [error] = (result.payload as { errors: { path?: string[]; extensions: { code: string } }[] }).errors
      expect([error?.path, error?.extensions.code]).toEqual([path, 'BAD_REQUEST'])
      expect(await socket.next()).toEqual({ id: 'x', type: 'complete' })
    }
  })

  it('pings, and closes a connection with 1013 that does not answer, or answers with a wrong payload', async () => {
    await using setup = await startLiveSetup({ livePingMs: 120, liveStallMs: 1_000 })
    await using well = await openRawSocket(setup.url, { token: ALICE })
    await using dead = await openRawSocket(setup.url, { token: ALICE, autoPong: false })
    await using pretending = await openRawSocket(setup.url, { token: ALICE, autoPong: false })
    pretending.ws.on('ping', () => pretending.ws.pong('I read'))
    let pings = 0
    well.ws.on('ping', () => pings++)
    expect([await dead.closed, await pretending.closed]).toEqual([1013, 1013])
    while (pings < 3) await once(well.ws, 'ping')
    expect(well.ws.readyState).toBe(well.ws.OPEN)
  })

  it('leaves requests alone that offer another protocol', async () => {
    await using setup = await startLiveSetup()
    const body = JSON.stringify({ query: '{ services { name } }' })
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAAP__',
    }
    const [answer] = await once(request(setup.gateway.url, { method: 'POST', headers }).end(body), 'response')
    expect([answer.statusCode, JSON.parse(await text(answer))]).toEqual([
      200,
      { data: { services: [{ name: 'one' }] } },
    ])
  })
})

it('takes a subscription right behind a long `connection_init` that waits for its turn', async () => {
  await using setup = await startLiveSetup()
  await using socket = await openRawSocket(setup.url)
  // The gateway runs in this process. While its turn is used up, what is long waits.
  const busy = setInterval(() => void giveWay(20), 1)
  onTestFinished(() => clearInterval(busy))
  socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${ALICE}`, padding: 'x'.repeat(5_000) } })
  socket.send({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } })

  expect(await socket.next()).toEqual({ type: 'connection_ack' })
  expect(await socket.next()).toMatchObject({ id: '1', type: 'next' })
})
