import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EventStream, openEventStream } from '../../support/live-transport/event-stream.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { filebase } from '../../support/providers/filebase.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

/** The service allows 100 requests a second. */
const FLOOD_PER_SECOND = 250
const QUERY = '{ pins(first: 10) { nodes { id } } }'
const SUBSCRIPTION = 'subscription { pinsChanged { kind pin { status } } }'
const ATTACKER = '203.0.113.9'

const tokens = Array.from({ length: 20 }, (_, n) => `honest-token-${n}`)
const addressOf = (n: number) => `198.51.100.${n + 1}`
const headers = (token: string, address: string) => ({ authorization: `Bearer ${token}`, 'x-forwarded-for': address })

let service: EmulatedProvider
let gateway: TestGateway

beforeEach(async () => {
  service = await startEmulatedProvider(filebase, { tokens, rateRules: 'as documented' })
  for (const token of tokens) service.seed(token, [{ cid: exampleCid(1), name: token, status: 'queued' }])
  gateway = await startTestGateway({
    services: { one: { endpoint: service.endpoint, provider: 'filebase' } },
    trustProxy: 1,
    requestTimeoutMs: 10_000,
  })
})

afterEach(async () => {
  await gateway[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

/** Sends operations with made-up tokens until it is disposed. Resolves once as many have been answered. */
async function flood(send: (token: string) => Promise<unknown>, answers: number): Promise<AsyncDisposable> {
  const inFlight = new Set<Promise<unknown>>()
  let sent = 0
  let answered = 0
  let begun = () => {}
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve
  })
  const timer = setInterval(() => {
    for (let n = 0; n < FLOOD_PER_SECOND / 50; n++) {
      const one = send(`made-up-${sent++}`).finally(() => {
        inFlight.delete(one)
        if (++answered === answers) begun()
      })
      inFlight.add(one)
    }
  }, 20)
  await hasBegun
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await Promise.all(inFlight)
    },
  }
}

it('a flood of made-up tokens from one address refuses nobody else', async () => {
  await using _ = await flood((token) => gateway.query(QUERY, {}, headers(token, ATTACKER)), 900)
  const answers = await Promise.all(tokens.map((token, n) => gateway.query(QUERY, {}, headers(token, addressOf(n)))))
  expect(answers.flatMap(({ errors = [] }) => errors.map(({ message }) => message))).toEqual([])
})

/** Number of made-up tokens whose requests the service got. */
const madeUp = () => service.requests.filter(({ token }) => token?.startsWith('made-up')).length

it('a flood of subscriptions with made-up tokens holds up no other subscription', async () => {
  const open = (token: string, address: string) =>
    openEventStream(gateway.url, { query: SUBSCRIPTION }, { method: 'POST', headers: headers(token, address) })
  await using _ = await flood(async (token) => {
    const { events } = await open(token, ATTACKER)
    for await (const __ of events);
  }, 200)
  const streams = await Promise.all(tokens.map((token, n) => open(token, addressOf(n))))
  const before = madeUp()
  const next = async ({ events }: EventStream) => JSON.parse((await events.next()).value?.data ?? 'null').data
  expect(await Promise.all(streams.map(next))).toEqual(
    tokens.map(() => ({ pinsChanged: { kind: 'SNAPSHOT', pin: { status: 'QUEUED' } } })),
  )
  // Each of 2,000 had a turn of its own before.
  expect(madeUp() - before).toBeLessThan(1_000)
  for (const token of tokens)
    for (const { requestId } of service.pins(token)) service.setStatus(token, requestId, 'failed')
  expect(await Promise.all(streams.map(next))).toEqual(
    tokens.map(() => ({ pinsChanged: { kind: 'STATUS_CHANGED', pin: { status: 'FAILED' } } })),
  )
  for (const { close } of streams) close()
})

it('a token that the service has refused costs one request a minute, whatever is asked with it', async () => {
  const ask = (token: string) => gateway.query(QUERY, {}, headers(token, ATTACKER))
  const refused = await ask('made-up')
  expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHORIZED', service: 'one' })
  const [{ requestId: _, ...extensions } = {}] = refused.errors?.map((error) => error.extensions ?? {}) ?? []
  for (const again of await Promise.all(Array.from({ length: 50 }, () => ask('made-up')))) {
    expect(again.errors?.[0]).toMatchObject({ message: refused.errors?.[0]?.message, extensions })
  }
  expect(madeUp()).toBe(1)
  await ask('made-up-too')
  expect(madeUp()).toBe(2)
  expect((await ask(tokens[0] ?? '')).errors).toBe(undefined)
})
