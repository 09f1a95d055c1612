import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import type { CallerRequest } from '../../../src/index.ts'
import { deferred } from '../../support/deferred.ts'
import { embed, openSocket, post } from '../../support/embedding/embed.ts'
import { identifyBySession, type User } from '../../support/embedding/identify-by-session.ts'
import { serveWithExpress } from '../../support/embedding/serve-with-express.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import {
  eventsOf,
  nextOf,
  PINS_CHANGED,
  seedQueued,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { ALICE, BOB } from '../../support/start-test-api.ts'

const COUNT = '{ pins { totalCount } }'

const USERS: Readonly<Record<string, User>> = {
  a: { id: 'alice', tokens: { one: ALICE } },
  b: { id: 'bob', tokens: { one: BOB } },
  // A mistake of the host: the same id for other tokens.
  c: { id: 'alice', tokens: { one: BOB } },
}

function bySession() {
  const requests: CallerRequest[] = []
  const identifyUser = identifyBySession(async (session) => USERS[session] ?? null)
  const identify = (request: CallerRequest) => {
    requests.push(request)
    return identifyUser(request)
  }
  return { requests, identify }
}

it('uses the tokens of the caller that the host names, and none that the client sends', async () => {
  const { identify, requests } = bySession()
  await using host = await embed(serveWithExpress, { identify })
  seedQueued(host.service, 2)
  const counted = (totalCount: number) => ({ status: 200, body: { data: { pins: { totalCount } } } })
  const bringing = { authorization: `Bearer ${ALICE}` }
  expect(await post(host.url, COUNT, { 'x-session': 'a' })).toEqual(counted(2))
  expect(await post(host.url, COUNT, { 'x-session': 'b', ...bringing })).toEqual(counted(0))
  const byGet = await fetch(`${host.url}?query=${encodeURIComponent(COUNT)}`, { headers: { 'x-session': 'a' } })
  expect(await byGet.json()).toEqual(counted(2).body)
  const headersOf = ({ headers }: { headers: IncomingHttpHeaders }) => headers['x-session']
  expect(requests.map(headersOf)).toEqual(['a', 'b', 'a'])
  expect(requests.map(({ connectionParams }) => connectionParams)).toEqual([undefined, undefined, undefined])
})

it('asks once for a WebSocket, with what connection_init brings', async () => {
  const { identify, requests } = bySession()
  await using host = await embed(serveWithExpress, { identify })
  const [pin] = seedQueued(host.service, 1)
  const client = stockClient(host.url.replace('http', 'ws'), { connectionParams: { session: 'a' }, lazy: false })
  for (const query of [PINS_CHANGED, PINS_CHANGED])
    expect(await nextOf(eventsOf(client, { query }))).toMatchObject({ kind: 'SNAPSHOT', pinId: pin?.id })
  expect(requests).toHaveLength(1)
  expect(requests[0]).toMatchObject({ connectionParams: { session: 'a' }, headers: { upgrade: 'websocket' } })
  await client.dispose()
})

it('refuses a caller on every transport if the host refuses it', async () => {
  const { identify } = bySession()
  await using host = await embed(serveWithExpress, { identify })
  const error = { message: 'Sign in first', extensions: expect.objectContaining({ code: 'UNAUTHENTICATED' }) }
  expect(await post(host.url, COUNT, {})).toEqual({ status: 401, body: { errors: [error] } })
  const byGet = await fetch(`${host.url}?query=${encodeURIComponent(COUNT)}`)
  expect([byGet.status, await byGet.json()]).toEqual([401, { errors: [error] }])
  const { response } = await openEventStream(host.url, { query: PINS_CHANGED })
  expect([response.status, await response.json()]).toEqual([401, { errors: [error] }])
  expect((await openSocket(host.url, {})).answer).toBe(4403)
  expect(host.logged.filter((line) => line.includes('"error"'))).toEqual([])
  const page = await fetch(host.url, { headers: { accept: 'text/html' } })
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>pinql</title>')])
})

it('logs what goes wrong in the host, and tells the client nothing of it', async () => {
  await using host = await embed(serveWithExpress, { identify: () => Promise.reject(new Error('no database')) })
  const extensions = { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) }
  const masked = { errors: [{ message: 'Unexpected error.', extensions }] }
  expect(await post(host.url, COUNT, {})).toEqual({ status: 500, body: masked })
  const byGet = await fetch(`${host.url}?query=${encodeURIComponent(COUNT)}`)
  expect([byGet.status, await byGet.json()]).toEqual([500, masked])
  const { response } = await openEventStream(host.url, { query: PINS_CHANGED })
  expect([response.status, await response.json()]).toEqual([500, masked])
  expect((await openSocket(host.url, {})).answer).toBe(1013)
  expect(host.logged.filter((line) => line.includes('no database'))).toHaveLength(4)
})

it('waits for the host no longer than a request may take', async () => {
  await using host = await embed(serveWithExpress, { identify: () => new Promise(() => {}) }, { requestTimeoutMs: 100 })
  const masked = { errors: [expect.objectContaining({ message: 'Unexpected error.' })] }
  expect(await post(host.url, COUNT, {})).toEqual({ status: 500, body: masked })
  const { response } = await openEventStream(host.url, { query: PINS_CHANGED })
  expect([response.status, await response.json()]).toEqual([500, masked])
  expect((await openSocket(host.url, {})).answer).toBe(1013)
  expect(host.logged.filter((line) => line.includes('Expected identify to settle within 100 ms'))).toHaveLength(3)
})

it('shares no events between callers of one key and different tokens', async () => {
  const { identify } = bySession()
  await using host = await embed(serveWithExpress, { identify })
  const [pin] = seedQueued(host.service, 1)
  const subscribe = (session: string) => {
    const client = stockClient(host.url.replace('http', 'ws'), { connectionParams: { session } })
    return { client, events: eventsOf(client, { query: PINS_CHANGED }) }
  }
  const [alice, other] = [subscribe('a'), subscribe('c')]
  expect(await nextOf(alice.events)).toMatchObject({ kind: 'SNAPSHOT', pinId: pin?.id })
  expect(await nextOf(other.events)).toMatchObject({ kind: 'CAUGHT_UP' })
  host.service.setStatus(ALICE, pin?.requestId ?? '', 'pinned')
  await post(host.url, `{ pin(id: "${pin?.id}") { status } }`, { 'x-session': 'a' })
  expect(await nextOf(alice.events)).toMatchObject({ kind: 'STATUS_CHANGED', pinId: pin?.id })
  const add = 'mutation { addPin(input: { cid: "bafkqablimvwgy3y", name: "of Bob" }) { pin { id } } }'
  const { body } = await post(host.url, add, { 'x-session': 'c' })
  const added = (body as { data: { addPin: { pin: { id: string } } } }).data.addPin.pin
  expect(await nextOf(other.events)).toMatchObject({ kind: 'ADDED', pinId: added.id })
  await Promise.all([alice.client.dispose(), other.client.dispose()])
})

it('counts callers by their keys', async () => {
  const { identify } = bySession()
  await using host = await embed(serveWithExpress, { identify }, { maxSocketsPerTenant: 1 })
  expect((await openSocket(host.url, { session: 'a' })).answer).toMatchObject({ type: 'connection_ack' })
  expect((await openSocket(host.url, { session: 'c' })).answer).toBe(1013)
  expect((await openSocket(host.url, { session: 'b' })).answer).toMatchObject({ type: 'connection_ack' })
})

it.each([
  ['by JSON', 'application/json'],
  ['by Yoga', 'application/json; charset=utf-8'],
])('begins no change for a client that leaves while it is identified, %s', async (_how, accept) => {
  const asked = deferred()
  const known = deferred()
  const identify = async () => {
    asked.resolve()
    await known.promise
    return { key: 'a', tokenFor: () => ALICE }
  }
  await using host = await embed(serveWithExpress, { identify })
  const body = JSON.stringify({
    query: 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { id } error { code } } }',
  })
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: ${accept}\r\ncontent-type: application/json\r\n`
  const request = `${head}content-length: ${body.length}\r\n\r\n${body}`
  const connected = once(host.server, 'connection')
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1')
  // The second waits behind the first, and hears nothing of its own of the connection.
  socket.write(request + request)
  await asked.promise
  const [connection] = await connected
  const gone = once(connection, 'close')
  socket.destroy()
  await gone
  known.resolve()
  // A change that had been started would have reached the service before this answer.
  await post(host.url, COUNT)
  expect(host.service.count('POST')).toBe(0)
})
