import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

/** The longest answer that is read has 16 MB. */
const MOST = 16 * 1024 * 1024 - 1_000
const TOKEN = '-held.token-'
const QUERY = '{ pins { nodes { id name meta info origins delegates } warnings { message } } }'

let answer: { status: number; body: string }
let service: Awaited<ReturnType<typeof startService>>
let gateway: TestGateway

async function startService() {
  const server = createServer((req, res) => {
    req.resume()
    res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

beforeEach(async () => {
  service = await startService()
  gateway = await startTestGateway({ services: { one: { endpoint: service.endpoint, token: TOKEN } } })
})

afterEach(async () => {
  await gateway[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

/** Returns the longest time in milliseconds for which this process did nothing else while something ran. */
async function longestBlock(run: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 5)
  await run()
  clearInterval(timer)
  return Math.max(longest, performance.now() - last)
}

const record = (parts: string) =>
  `{"requestid":"r","status":"pinned","created":"2026-01-31T12:00:00Z","delegates":[],${parts}}`
const pin = (parts = '') => `"pin":{"cid":"${exampleCid(1)}"${parts}}`
const list = (records: string) => `{"count":1,"results":[${records}]}`
const fill = (text: string, open: string, close: string) =>
  open + `${text},`.repeat(Math.floor((MOST - open.length - close.length) / (text.length + 1)) - 1) + text + close
const long = (text: string) => text.repeat(Math.floor((MOST - 1_000) / text.length))

const LISTS: Readonly<Record<string, () => string>> = {
  'millions of empty records': () => fill('{}', '{"count":1,"results":[', ']}'),
  'millions of records that are no objects': () => fill('1', '{"count":1,"results":[', ']}'),
  'valid pins, far more than asked for': () => fill(record(pin()), '{"count":1,"results":[', ']}'),
  'a CID of megabytes in base58': () => list(record(`"pin":{"cid":"z${long('2')}"}`)),
  'CIDs of 500 characters, tens of thousands': () =>
    fill(record(`"pin":{"cid":"z${'2'.repeat(500)}"}`), '{"count":1,"results":[', ']}'),
  'a time of megabytes': () => list(record(pin()).replace('12:00:00Z', `12:00:00.${long('1')}Z`)),
  'a status of megabytes': () => list(record(pin()).replace('"pinned"', `"${long('p-')}"`)),
  'an entry of info that is nested deep': () =>
    list(record(`${pin()},"info":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)),
  'arrays in arrays, millions': () => list(`${'['.repeat(MOST / 2 - 1_000)}${']'.repeat(MOST / 2 - 1_000)}`),
  'millions of delegates': () => list(record(pin()).replace('"delegates":[]', fill('"a"', '"delegates":[', ']'))),
  'hundreds of thousands of entries in meta': () => {
    let meta = ''
    for (let n = 0; meta.length < MOST - 1_000; n++) meta += `${n ? ',' : ''}"${n}":"${n}"`
    return list(record(pin(`,"meta":{${meta}}`)))
  },
  blanks: () => long(' '),
  'no JSON': () => long('<h1'),
}

describe('a list', () => {
  it.each(Object.entries(LISTS))('of %s blocks nobody for a second', async (_what, bodyOf) => {
    answer = { status: 200, body: bodyOf() }
    let result: unknown
    const blocked = await longestBlock(async () => {
      result = await gateway.query(QUERY)
    })

    expect(result).toHaveProperty('data')
    expect(blocked).toBeLessThan(1_000)
    expect(gateway.logged.join('')).not.toContain('Unexpected error')
  })
})

const REFUSALS: Readonly<Record<string, () => string>> = {
  'headings that never end': () => long('<h1'),
  'titles with nothing behind them': () => long('<title '),
  backslashes: () => JSON.stringify({ error: { reason: long('\\').slice(0, MOST / 4), details: '-' } }),
  'beginnings of the token': () => long('-held'),
  'JSON that is nested deep': () => `{"error":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`,
  'words about money': () => long('insufficient '),
}

describe('a refusal', () => {
  it.each(
    Object.entries(REFUSALS).flatMap(([what, bodyOf]) =>
      [400, 403, 404, 418].map((status) => [status, what, bodyOf] as const),
    ),
  )('with %i and %s blocks nobody for a second', async (status, _what, bodyOf) => {
    answer = { status, body: bodyOf() }
    const blocked = await longestBlock(() => gateway.query(QUERY))

    expect(blocked).toBeLessThan(1_000)
    expect(gateway.logged.join('')).not.toContain('Unexpected error')
  })
})
