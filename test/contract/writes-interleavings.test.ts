import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PinqlError } from '../../src/domain/errors.ts'
import { MemoryWriteRecords } from '../../src/upstream/writes/memory-write-records.ts'
import { jsonReply, reply } from '../support/providers/wire-reply.ts'
import { EPOCH_MS } from '../support/virtual-clock.ts'
import {
  ALICE,
  newPin,
  refOf,
  startWriteSetup,
  type WriteSetup,
  type WriteSetupOptions,
} from '../support/writes/start-write-setup.ts'

const RUNS = Number(process.env.PINQL_PROPERTY_RUNS ?? 60)

/** Outcomes of a request that changes something, drawn at random. */
const FAULTS = ['none', 'none', 'lost', 'failed after', 'failed before', 'malformed'] as const

const SECRET = Buffer.alloc(32, 1)

/** Two gateways at one service with the same records, as after a crash that left them behind. */
async function startTwoGateways(capabilities: WriteSetupOptions['capabilities'] = {}) {
  const shared = {
    capabilities: { keepsMeta: true, ...capabilities },
    writeRecords: new MemoryWriteRecords(() => EPOCH_MS),
    tenantSecret: SECRET,
  }
  const first = await startWriteSetup(shared)
  const second = await startWriteSetup({ ...shared, service: first.service })
  return {
    first,
    second,
    async [Symbol.asyncDispose]() {
      await second[Symbol.asyncDispose]()
      await first[Symbol.asyncDispose]()
    },
  }
}

function breakAnswers({ service }: WriteSetup, faults: readonly (typeof FAULTS)[number][]): void {
  const drawn = faults.values()
  service.hooks.afterCommit = () => {
    const fault = drawn.next().value ?? 'none'
    if (fault === 'failed before') service.breakNext(1)
    if (fault === 'lost') return 'drop'
    if (fault === 'failed after') return jsonReply(500, {})
    return fault === 'malformed' ? reply(202, 'application/json', '{') : undefined
  }
}

const client = fc.array(fc.record({ key: fc.nat(3), waitMs: fc.nat(9000) }), { minLength: 1, maxLength: 5 })

it('leaves at most one pin for a key, whatever clients, faults and restarts come together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(client, { minLength: 1, maxLength: 4 }),
      fc.array(fc.constantFrom(...FAULTS), { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      async (clients, faults, restarts) => {
        await using gateways = await startTwoGateways()
        const { first, second } = gateways
        const { service } = first
        breakAnswers(first, faults)

        const told = new Map<number, Set<string>>()
        const work = clients.map(async (adds, index) => {
          for (const { key, waitMs } of adds) {
            const setup = restarts && index % 2 === 1 ? second : first
            await new Promise<void>((resolve) => setup.clock.setTimeout(resolve, waitMs))
            const outcome = await setup.tenant.addPin(newPin(key), `key ${key}`).catch((error: unknown) => error)
            if (outcome instanceof Error) expect(outcome).toBeInstanceOf(PinqlError)
            else told.set(key, (told.get(key) ?? new Set()).add((outcome as { requestId: string }).requestId))
          }
        })
        const all = Promise.all(work)
        await Promise.all([first.run(all), second.run(all)])

        for (const key of [0, 1, 2, 3]) {
          const pins = service
            .pins(ALICE)
            .filter(({ name }) => name === `pin ${key}`)
            .map(({ requestId }) => requestId)
          expect(pins.length).toBeLessThanOrEqual(1)
          expect([...(told.get(key) ?? [])].filter((requestId) => !pins.includes(requestId))).toEqual([])
        }
      },
    ),
    { numRuns: RUNS },
  )
}, 120_000)

it('leaves one pin, the renamed one, whatever clients, faults and restarts come together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(9000), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.constantFrom(...FAULTS), { maxLength: 30 }),
      fc.constantFrom('native', 'add-then-remove' as const),
      async (clients, faults, replace) => {
        await using gateways = await startTwoGateways({ replace })
        const { first, second } = gateways
        const { service } = first
        const old = await first.run(first.tenant.addPin(newPin(1, { meta: { app: 'blog' } }), 'old'))
        const rename = ({ tenant }: WriteSetup) => tenant.replacePin(refOf(old), { name: 'new' }, 'key')
        breakAnswers(first, faults)

        const told = new Set<string>()
        const work = clients.map(async (waits, index) => {
          for (const waitMs of waits) {
            const setup = index % 2 === 1 ? second : first
            await new Promise<void>((resolve) => setup.clock.setTimeout(resolve, waitMs))
            const outcome = await rename(setup).catch((error: unknown) => error)
            if (outcome instanceof Error) expect(outcome).toBeInstanceOf(PinqlError)
            else told.add((outcome as { requestId: string }).requestId)
          }
        })
        const all = Promise.all(work)
        await Promise.all([first.run(all), second.run(all)])

        // Nothing fails any more, and the service is trusted again.
        service.hooks.afterCommit = undefined
        service.breakNext(0)
        await first.clock.advance(60_000)
        const pin = await first.run(rename(first))
        expect(service.pins(ALICE)).toMatchObject([{ requestId: pin.requestId, name: 'new', meta: { app: 'blog' } }])
        expect([...told]).toEqual(told.size === 0 ? [] : [pin.requestId])
      },
    ),
    { numRuns: RUNS },
  )
}, 120_000)
