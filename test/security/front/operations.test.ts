import { afterAll, beforeAll, expect, it } from 'vitest'
import { COSTLY_OPERATIONS, many } from '../../support/attacked/costly-operations.ts'
import { type AttackedGateway, KNOWN, startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { TRANSPORTS } from '../../support/gateway/every-transport.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

// Operations that cost much to read, check, run or answer, sent by every way in.

const TOKEN = 'alice-token'
const MIB = 1024 ** 2
/** Characters of an operation that each way takes: what is longer is refused for its length, which is another test. */
const ROOM: Readonly<Record<string, number>> = { GET: 5_000, 'a WebSocket': 60_000 }
const MOST = 900_000
const TIMES = 2

let service: EmulatedProvider
let gateway: AttackedGateway
beforeAll(async () => {
  service = await startEmulatedProvider(compliant)
  // The newest forty are pins of one content.
  const pins = Array.from({ length: 1_000 }, (_, n) => ({ cid: exampleCid(Math.min(n, 960)), name: `pin ${n}` }))
  service.seed(
    TOKEN,
    pins.map((pin) => ({ ...pin, status: 'pinned' as const })),
  )
  gateway = await startAttackedGateway({ services: { one: { endpoint: service.endpoint, token: TOKEN, ...KNOWN } } })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

it.each(Object.entries(COSTLY_OPERATIONS))('harm nobody: %s', async (_what, [expected, operationOf]) => {
  const wrong = new Set<string>()
  const broken = await gateway.brokenPromises(
    async () => {
      for (const [way, execute] of Object.entries(TRANSPORTS)) {
        const operation = operationOf(ROOM[way] ?? MOST)
        const answers = await Promise.all(
          many(TIMES, () => execute(gateway.url, operation).catch((error) => `${error?.code ?? error}`)),
        )
        for (const answer of answers) if (!expected.test(answer)) wrong.add(`${way}: ${answer.slice(0, 300)}`)
      }
    },
    { maxKeptBytes: 70 * MIB },
  )
  expect(broken).toEqual([])
  expect([...wrong]).toEqual([])
})

it.each(Object.entries(TRANSPORTS))('harm nobody when a hundred long ones come at once by %s', async (way, execute) => {
  const [expected, operationOf] = COSTLY_OPERATIONS['names that are almost right'] ?? []
  if (!expected || !operationOf) throw new Error('expected the operation')
  const operations = many(100, (n) => operationOf((ROOM[way] ?? 50_000) - n))
  const answers: string[] = []
  const broken = await gateway.brokenPromises(async () => {
    const all = operations.map((operation) =>
      execute(gateway.url, operation).catch((error) => `${error?.code ?? error}`),
    )
    answers.push(...(await Promise.all(all)))
  })

  expect(broken).toEqual([])
  expect(answers.filter((answer) => expected.test(answer)).length).toBeGreaterThan(30)
})

it('leave nothing in the prototype of all objects', async () => {
  for (const execute of Object.values(TRANSPORTS))
    expect(await execute(gateway.url, { query: '{ __typename }' })).toBe('{"data":{"__typename":"Query"}}')
})
