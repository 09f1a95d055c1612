import assert from 'node:assert/strict'
import type { ExecutionResult } from 'graphql'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { type ClientServer, environmentOf } from './client-server.ts'

// biome-ignore lint/suspicious/noExplicitAny: each proof knows what it asked for.
type Answer = ExecutionResult<any>

const CID = 'bafkqablporugk4q'

/**
 * Proves with requests of its own that a server has all that today's schema lacks. Without that, clients that pass would say
 * nothing.
 *
 * @throws {AssertionError} when one of the additions is not there
 */
export async function proveTomorrow(server: ClientServer): Promise<void> {
  const { id, region } = await addPin(server)
  assert.equal(region, 'eu', 'Pin.region')

  const listed = await ask(server, '{ pins(order: "newest") { nodes { id } } }')
  assert.deepEqual(listed, { data: { pins: { nodes: [{ id }] } } }, 'pins(order:)')

  const refused = await ask(
    server,
    `mutation { addPin(input: { cid: "${CID}", name: "over quota" }) { pin { id } error { code } } }`,
  )
  assert.deepEqual(refused.data.addPin, { pin: null, error: { code: 'QUOTA_EXCEEDED' } }, 'the code in a payload')

  const failed = await ask(server, '{ pin(requestId: "over-quota") { id } }')
  assert.deepEqual(failed.data, { pin: null })
  assert.equal(failed.errors?.[0]?.extensions?.code, 'QUOTA_EXCEEDED', 'the code in errors')

  const [first, second] = [await addPin(server), await addPin(server)]
  const [named, usual] = await Promise.all([
    kindsOf(server, first.id, 'kinds: [ARCHIVED, STATUS_CHANGED]'),
    kindsOf(server, second.id),
  ])
  assert.deepEqual([...new Set(named)], ['ARCHIVED', 'STATUS_CHANGED'], 'the kinds of a subscription that names two')
  assert.deepEqual([...new Set(usual)], ['SNAPSHOT', 'STATUS_CHANGED'], 'the kinds of a subscription that names none')
}

async function addPin(server: ClientServer): Promise<{ id: string; region: string }> {
  const answer = await ask(server, `mutation { addPin(input: { cid: "${CID}" }) { pin { id region } } }`)
  return answer.data.addPin.pin
}

async function ask({ url }: ClientServer, query: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return (await response.json()) as Answer
}

/** Follows a pin until the server ends the subscription, and returns the kind of each event. */
async function kindsOf(server: ClientServer, id: string, args = ''): Promise<string[]> {
  const url = environmentOf(server).PINQL_WS_URL as string
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  const query = `subscription { pinStatusChanged(ids: ["${id}"] ${args}) { kind } }`
  const kinds: string[] = []
  try {
    for await (const event of client.iterate({ query })) kinds.push((event as Answer).data.pinStatusChanged.kind)
    return kinds
  } finally {
    await client.dispose()
  }
}
