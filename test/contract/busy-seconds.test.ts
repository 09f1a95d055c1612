import { describe, expect, it } from 'vitest'
import { PinStream } from '../../src/upstream/reading/streams/pin-stream.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { filebase } from '../support/providers/filebase.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { createEmulatedTenant } from '../support/zoo/emulated-tenant.ts'
import { ALL } from '../support/zoo/seed-and-drain.ts'

const ACCOUNTS = 60
const CID = exampleCid(1)

/** Fills an account whose pins come at a rate, at times of chance, and reads its first two pages. */
async function readTwoPages(random: () => number, perSecond: number, size: number) {
  const account = createEmulatedTenant(filebase, { provider: 'filebase' })
  let at = 1_600_000_000 + random()
  for (let pin = 0; pin < 2 * size + 100; pin++) {
    at -= Math.log(1 - random()) / perSecond
    account.store.add({ cid: CID, created: BigInt(Math.floor(at * 1000)) * 1_000_000n })
  }
  const first = new PinStream(account.tenant.reads, ALL, { expected: size })
  const pins = await first.take(size)
  await first.hasMore()
  const firstRequests = account.requests
  const second = new PinStream(account.tenant.reads, ALL, { expected: size, after: pins.at(-1) })
  expect(await second.take(size)).toHaveLength(size)
  await second.hasMore()
  return { firstRequests, secondRequests: account.requests - firstRequests }
}

describe('pages of a service whose clock counts seconds', () => {
  it.each([1, 5, 20].flatMap((perSecond) => [10, 25, 100].map((size) => [perSecond, size] as const)))(
    '#13: cost one request in 95 % of cases, at %i new pins a second and %i a page',
    async (perSecond, size) => {
      const random = seededRandom(perSecond * 1000 + size)
      let [first, second] = [0, 0]
      for (let account = 0; account < ACCOUNTS; account++) {
        const { firstRequests, secondRequests } = await readTwoPages(random, perSecond, size)
        if (firstRequests === 1) first++
        if (secondRequests === 1) second++
      }
      expect(first / ACCOUNTS).toBeGreaterThanOrEqual(0.95)
      expect(second / ACCOUNTS).toBeGreaterThanOrEqual(0.95)
    },
    60_000,
  )
})
