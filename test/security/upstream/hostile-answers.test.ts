import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OddService, startOddService } from '../../support/attacked/start-odd-service.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

// One answer of a service, as long as answers may be, against the command in a process with little memory.

/** The longest answer that is read has 16 MB. */
const MOST = 16 * 1024 * 1024 - 1_000

const PIN_FIELDS = 'nodes { id name meta info origins delegates } warnings { message }'

let service: OddService
beforeAll(async () => {
  service = await startOddService()
})
afterAll(() => service[Symbol.asyncDispose]())

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
  it.each(Object.entries(LISTS))('of %s harms nobody', async (_what, bodyOf) => {
    const body = bodyOf()
    let result: unknown
    const broken = await service.gateway.brokenPromises(async () => {
      result = await service.answerTo(`{ pins(services: ["NAME", "honest"]) { ${PIN_FIELDS} } }`, () => ({
        status: 200,
        body,
      }))
    })

    expect(broken).toEqual([])
    expect(result).toHaveProperty('data.pins.nodes')
  })
})

it('a list in chunks of one byte harms nobody', async () => {
  const body = ' '.repeat(6_000_000)
  const broken = await service.gateway.brokenPromises(() =>
    service.answerTo('{ pins(services: ["NAME"]) { totalCount } }', () => ({ status: 200, body, isInBytes: true })),
  )

  expect(broken).toEqual([])
})

const REFUSALS: Readonly<Record<string, () => string>> = {
  'headings that never end': () => long('<h1'),
  'titles with nothing behind them': () => long('<title '),
  backslashes: () => JSON.stringify({ error: { reason: long('\\').slice(0, MOST / 4), details: '-' } }),
  'beginnings of the token': () => long('-held'),
  'JSON that is nested deep': () => `{"error":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`,
  'words about money': () => long('insufficient '),
}

describe('refusals', () => {
  it.each(Object.entries(REFUSALS))('with %s harm nobody, whatever their status', async (_what, bodyOf) => {
    const body = bodyOf()
    const broken = await service.gateway.brokenPromises(async () => {
      for (const status of [400, 403, 404, 418])
        await service.answerTo(`{ pins(services: ["NAME"]) { ${PIN_FIELDS} } }`, () => ({ status, body }))
    })

    expect(broken).toEqual([])
  })
})
