import { beforeAll, expect, it } from 'vitest'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import { TRANSPORTS } from '../../support/gateway/every-transport.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { jsonReply, reply, type WireReply } from '../../support/providers/wire-reply.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

/** The answers of the service, by the request id that is asked for. */
const ANSWERS: Readonly<Record<string, WireReply>> = {
  teapot: jsonReply(418, { error: { reason: 'TEAPOT', details: 'short and stout' } }),
  unpaid: jsonReply(402, { error: { reason: 'PAYMENT_REQUIRED' } }),
  refused: jsonReply(400, { error: { reason: 'BAD_REQUEST', details: 'no such filter' } }),
  page: reply(200, 'text/html', '<html></html>'),
}

const idOf = (requestId: string) => formatPinId({ service: 'one', requestId, cid: { text: exampleCid(1) } })

/** Reads that fail, and the `extensions` of their errors in the order of the fields. */
const READS: readonly (readonly [document: string, ...extensions: (readonly [string, unknown])[][]])[] = [
  [
    '{ pin(id: "x") { id } }',
    [
      ['code', 'BAD_REQUEST'],
      ['argument', 'id'],
      ['expected', expect.any(String)],
      ['received', '"x"'],
    ],
  ],
  [
    '{ pin(requestId: "refused") { id } }',
    [
      ['code', 'BAD_REQUEST'],
      ['service', 'one'],
    ],
  ],
  [
    '{ pins(first: 0) { nodes { id } } services { name } }',
    [
      ['code', 'BAD_REQUEST'],
      ['argument', 'first'],
      ['expected', expect.any(String)],
      ['received', '0'],
    ],
  ],
  [
    '{ pins(services: "tow") { nodes { id } } }',
    [
      ['code', 'UNKNOWN_SERVICE'],
      ['service', 'tow'],
      ['known', ['one', 'limited', 'down', 'locked']],
    ],
  ],
  [
    '{ pins(services: "locked") { nodes { id } } }',
    [
      ['code', 'UNAUTHORIZED'],
      ['service', 'locked'],
    ],
  ],
  [
    '{ pin(requestId: "nowhere") { id } service(name: "one") { name } }',
    [
      ['code', 'PIN_NOT_FOUND'],
      ['service', 'one'],
    ],
  ],
  [
    '{ pin(requestId: "unpaid") { id } }',
    [
      ['code', 'INSUFFICIENT_FUNDS'],
      ['service', 'one'],
    ],
  ],
  [
    '{ pins(services: "limited") { nodes { id } } }',
    [
      ['code', 'RATE_LIMITED'],
      ['service', 'limited'],
      ['retryAfterMs', 60_000],
    ],
  ],
  [
    '{ pins(services: "down") { nodes { id } } }',
    [
      ['code', 'SERVICE_UNAVAILABLE'],
      ['service', 'down'],
      ['mayHaveActed', false],
    ],
  ],
  [
    '{ pin(requestId: "page") { id } }',
    [
      ['code', 'MALFORMED_RESPONSE'],
      ['service', 'one'],
    ],
  ],
  [
    '{ pin(requestId: "teapot") { id } }',
    [
      ['code', 'SERVICE_ERROR'],
      ['service', 'one'],
      ['httpStatus', 418],
      ['reason', 'TEAPOT'],
    ],
  ],
  [
    `{ nodes(ids: ["x", "${idOf('nowhere')}", "${idOf('teapot')}"]) { id } }`,
    [
      ['code', 'BAD_REQUEST'],
      ['argument', 'ids[0]'],
      ['expected', expect.any(String)],
      ['received', '"x"'],
    ],
    [
      ['code', 'SERVICE_ERROR'],
      ['service', 'one'],
      ['httpStatus', 418],
      ['reason', 'TEAPOT'],
    ],
  ],
  [
    '{ contents(cids: ["no"]) { cid } }',
    [
      ['code', 'BAD_REQUEST'],
      ['argument', 'cids[0]'],
      ['expected', expect.any(String)],
      ['received', '"no"'],
    ],
  ],
]

const results = new Map<string, string[]>()

beforeAll(async () => {
  // At the same time, since most of it is waiting for a service that is down.
  const ways = Object.entries(TRANSPORTS).map(async ([way, execute]) => {
    await using service = await startEmulatedProvider(compliant)
    scriptAnswers(service)
    await using limited = await startEmulatedProvider(compliant)
    limited.hooks.beforeReply = () => ({ ...jsonReply(429, {}), headers: { 'retry-after': '60' } })
    const token = 'alice-token'
    // Each way has a gateway of its own, since a limit and a failure are remembered.
    await using gateway = await startTestGateway({
      services: {
        one: { endpoint: service.endpoint, token },
        limited: { endpoint: limited.endpoint, token },
        down: { endpoint: 'http://127.0.0.1:9', token },
        locked: { endpoint: service.endpoint },
      },
      defaultService: 'one',
    })
    const texts: string[] = []
    // The remaining time of the minute depends on the moment of the request.
    for (const [document] of READS)
      texts.push((await execute(gateway.url, { query: document })).replaceAll(/\b(59|60)\d{3}\b/g, '60000'))
    results.set(way, texts)
  })
  await Promise.all(ways)
})

function scriptAnswers(service: EmulatedProvider): void {
  service.hooks.beforeReply = ({ path }) => ANSWERS[path.slice('/pins/'.length)]
}

it.each(Object.keys(TRANSPORTS))('gives the same results by %s', (way) => {
  const expected = results.get('POST of an announced length')?.map((each) => JSON.parse(each))
  expect(results.get(way)?.map((each) => JSON.parse(each))).toEqual(expected)
})

it.each(Object.keys(TRANSPORTS))('gives the fields of an error in one order by %s', (way) => {
  const extensions = results.get(way)?.map((each) => JSON.parse(each).errors.map(extensionsOf))
  expect(extensions).toEqual(READS.map(([, ...expected]) => expected))
})

function extensionsOf({ extensions }: { extensions: Record<string, unknown> }): [string, unknown][] {
  return Object.entries(extensions)
}

it('gives why a subscription cannot begin as its only result, by an event stream and by a WebSocket alike', async () => {
  await using gateway = await startTestGateway({ services: { one: { endpoint: 'http://127.0.0.1:9' } } })
  for (const [ids, code] of [
    [['x'], 'BAD_REQUEST'],
    [[idOf('y')], 'UNAUTHORIZED'],
  ] as const) {
    const query = 'subscription ($ids: [ID!]!) { pinStatusChanged(ids: $ids) { kind } }'
    const texts = ['an event stream', 'a WebSocket'].map((way) =>
      TRANSPORTS[way]?.(gateway.url, { query, variables: { ids } }),
    )
    const [overStream, overSocket] = await Promise.all(texts)
    expect(JSON.parse(overStream ?? '')).toMatchObject({
      errors: [{ path: ['pinStatusChanged'], extensions: { code } }],
    })
    expect(overSocket).toBe(overStream)
  }
})

it('leaves the other fields as they are, but for pins, which takes all data with it', () => {
  const data = results.get('GET')?.map((each) => JSON.parse(each).data)
  expect(data?.[5]).toEqual({ pin: null, service: { name: 'one' } })
  expect(data?.[2]).toBeNull()
  expect(data?.slice(-2)).toEqual([{ nodes: [null, null, null] }, { contents: [null] }])
})
