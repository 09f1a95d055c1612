import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadDriver } from '../../../src/storage/open-database.ts'
import { many } from '../../support/attacked/costly-operations.ts'
import { HELD, type OddService, startOddService } from '../../support/attacked/start-odd-service.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

// What a service, or the disk, does to the gateway over several answers.

let service: OddService
beforeAll(async () => {
  service = await startOddService()
})
afterAll(() => service[Symbol.asyncDispose]())

const recordOf = (n: number, more = {}) => ({
  requestid: `r${n}`,
  status: 'pinned',
  created: new Date(Date.UTC(2026, 0, 1) - n * 1_000).toISOString(),
  delegates: [],
  pin: { cid: exampleCid(n) },
  ...more,
})
const listOf = (records: unknown[], count = records.length) => ({
  status: 200,
  body: JSON.stringify({ count, results: records }),
})

async function ask(query: string, token: string | null = null): Promise<{ data?: unknown; errors?: unknown }> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const response = await fetch(service.gateway.url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return (await response.json()) as { data?: unknown; errors?: unknown }
}

it('a list that never ends, watched by a subscription, harms nobody', async () => {
  const name = service.nextName()
  let pages = 0
  service.answer(({ url = '' }) => {
    const { searchParams } = new URL(url, 'http://localhost')
    pages++
    const before = Date.parse(searchParams.get('before') ?? '2026-01-01T00:00:00Z')
    const created = (n: number) => new Date(before - n * 1_000 - 1_000).toISOString()
    const limit = Math.min(1_000, Number(searchParams.get('limit') ?? 10))
    return listOf(
      many(limit, (n) => recordOf(n % 100, { requestid: created(n), created: created(n) })),
      10_000_000,
    )
  })
  const broken = await service.gateway.brokenPromises(async () => {
    await using socket = await openRawSocket(service.gateway.url.replace('http', 'ws'), { token: 'any' })
    const query = `subscription { pinsChanged(services: ["${name}"]) { kind error { code } } }`
    socket.send({ id: '1', type: 'subscribe', payload: { query } })
    // Until as many pages were read as a list may have, or the subscription says that it gave up.
    await Promise.race([socket.next(), expect.poll(() => pages, { timeout: 60_000 }).toBeGreaterThan(100)])
  })
  expect(broken).toEqual([])
})

it('info that is nested deep takes nothing from the pins of other services', async () => {
  const deep = '['.repeat(5_000) + ']'.repeat(5_000)
  const body = JSON.stringify({ count: 1, results: [recordOf(1, { info: { a: 'DEEP' } })] }).replace('"DEEP"', deep)
  let result: unknown
  const broken = await service.gateway.brokenPromises(async () => {
    result = await service.answerTo(
      '{ pins(services: ["NAME", "honest"]) { nodes { id } warnings { message } } }',
      () => ({ status: 200, body }),
    )
  })
  expect(broken).toEqual([])
  expect(result).toMatchObject({ data: { pins: { nodes: expect.any(Array) } } })
})

it('a held token that a service repeats is shown to nobody', async () => {
  const records = [
    recordOf(1, { info: { x: HELD }, pin: { cid: exampleCid(1), name: `a ${HELD}`, meta: { [HELD]: HELD } } }),
    recordOf(2, { requestid: HELD }),
  ]
  let result: unknown
  const broken = await service.gateway.brokenPromises(async () => {
    result = await service.answerTo(
      '{ pins(services: ["NAME"]) { nodes { id requestId name meta info } warnings { message } } }',
      () => listOf(records),
    )
  })
  expect(broken).toEqual([])
  expect(result).toHaveProperty('data')
  expect(JSON.stringify(result)).not.toContain(HELD)
})

it('two accounts that are told to come back in an hour harm no other', async () => {
  const name = service.nextName()
  service.answer(({ headers }) =>
    /evil/.test(headers.authorization ?? '')
      ? { status: 429, body: '{"error":{"reason":"TOO_MANY"}}', headers: { 'retry-after': '3600' } }
      : listOf([recordOf(1)]),
  )
  const query = `{ pins(services: ["${name}"]) { nodes { requestId } } }`
  const headersOf = (token: string) => ({ 'content-type': 'application/json', [`x-pinning-token-${name}`]: token })
  const askAs = async (token: string) =>
    (
      await fetch(service.gateway.url, { method: 'POST', headers: headersOf(token), body: JSON.stringify({ query }) })
    ).json()
  const answers: unknown[] = []
  const broken = await service.gateway.brokenPromises(async () => {
    await askAs('honest-1')
    await Promise.all([askAs('evil-1'), askAs('evil-2'), askAs('evil-1'), askAs('evil-2')])
    for (const token of ['honest-1', 'honest-2']) answers.push(await askAs(token))
  })
  expect(broken).toEqual([])
  expect(answers).toEqual(answers.map(() => ({ data: { pins: { nodes: [{ requestId: 'r1' }] } } })))
})

it('records of changes that another process holds delay only changes, each of which fails by itself', async () => {
  const name = service.nextName()
  service.answer(() => ({ status: 202, body: JSON.stringify(recordOf(1)) }))
  const database = new (await loadDriver())(join(service.gateway.folder, '.pinql', 'writes.db'))
  let result: unknown
  const broken = await service.gateway.brokenPromises(async () => {
    database.exec('BEGIN IMMEDIATE')
    result = await ask(
      `mutation { addPins(input: { pins: [{ service: "${name}", cid: "${exampleCid(1)}" }, { service: "${name}", cid: "${exampleCid(2)}" }] }) { error { code } } }`,
    )
    database.exec('ROLLBACK')
  })
  database.close()
  expect(broken).toEqual([])
  const refused = { error: { code: 'SERVICE_UNAVAILABLE' } }
  expect(result).toEqual({ data: { addPins: [refused, refused] } })
})
