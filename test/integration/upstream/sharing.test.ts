import { describe, expect, it } from 'vitest'
import { PIN_STATUSES } from '../../../src/domain/pin.ts'
import type { PinPage } from '../../../src/upstream/http/pin-page.ts'
import { PinStream } from '../../../src/upstream/reading/streams/pin-stream.ts'
import type { ServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'
import { deferred } from '../../support/deferred.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, BOB, NOTHING_TO_CHECK } from '../../support/start-test-api.ts'
import { createTestRegistry } from '../../support/upstream/create-test-registry.ts'

const ALL = { statuses: PIN_STATUSES, limit: 10 }

function openRegistry({ endpoint }: EmulatedProvider): ServiceRegistry {
  return createTestRegistry(
    [{ name: 'test', endpoint, token: null, provider: null, capabilities: NOTHING_TO_CHECK }],
    'test',
  )
}

/** Holds all answers back until `release`; `held` resolves when `count` requests have come. */
function holdAnswers(service: EmulatedProvider, count: number) {
  const held = deferred()
  const release = deferred()
  let seen = 0
  service.hooks.beforeReply = async () => {
    if (++seen === count) held.resolve()
    await release.promise
    return undefined
  }
  return { held: held.promise, release: () => release.resolve() }
}

/** The pins of a page long after it has come. */
async function readLater(page: PinPage) {
  await new Promise((resolve) => setImmediate(resolve))
  return page.pins
}

describe('reads of one tenant', () => {
  it('share one request when they are equal, and none with those of another tenant', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using registry = openRegistry(service)
    // Not their tokens, which pinql would hide.
    service.seed(ALICE, [{ cid: exampleCid(1), name: 'canary of alice' }])
    service.seed(BOB, [{ cid: exampleCid(1), name: 'canary of bob' }])
    const { held, release } = holdAnswers(service, 2)
    const asked = Array.from({ length: 1000 }, (_, n) =>
      registry.tenant('test', n % 2 ? BOB : ALICE).reads.listPins(ALL),
    )
    await held
    release()
    const names = (await Promise.all(asked)).map(({ pins }) => pins.map(({ name }) => name))
    expect(names).toEqual(asked.map((_, n) => [`canary of ${n % 2 ? 'bob' : 'alice'}`]))
    expect(service.requests.map(({ token }) => token).sort()).toEqual([ALICE, BOB])
  })

  it('show the whole page to every reader, though some let go of it at once and some leave', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using registry = openRegistry(service)
    const tenant = registry.tenant('test', ALICE)
    service.seed(
      ALICE,
      Array.from({ length: 30 }, (_, n) => ({ cid: exampleCid(n) })),
    )
    // Learns the service, so that one list is one request.
    await tenant.reads.listPins(ALL)
    const before = service.requests.length
    const { held, release } = holdAnswers(service, 1)
    const leaver = new AbortController()
    const readers = Array.from({ length: 12 }, async (_, n) => {
      const options = { expected: 19, ...(n % 4 === 3 && { signal: leaver.signal }) }
      const stream = new PinStream(tenant.reads, { statuses: PIN_STATUSES }, options)
      // The stream lets go of its page; who lists has it for good.
      const pins =
        n % 2
          ? stream.take(19)
          : tenant.reads.listPins({ statuses: PIN_STATUSES, limit: 20 }, { isWalk: true }).then(readLater)
      return (await pins).length
    })
    await held
    leaver.abort(new Error('went away'))
    release()
    const lengths = await Promise.allSettled(readers)
    expect(lengths.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual(
      Array.from({ length: 12 }, (_, n) => (n % 4 === 3 ? 'Error: went away' : n % 2 ? 19 : 20)),
    )
    expect(service.requests.length - before).toBe(1)
  })

  it('look up equal CIDs of two tenants apart, one request each', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using registry = openRegistry(service)
    const [pins] = (
      [
        [ALICE, 'of alice'],
        [BOB, 'of bob'],
      ] as const
    ).map(([token, name]) => service.seed(token, [{ cid: exampleCid(1), name }]))
    const ref = { service: 'test', cid: exampleCid(1), requestId: pins?.[0]?.requestId ?? '' }
    const alice = registry.tenant('test', ALICE)
    const bob = registry.tenant('test', BOB)
    const cid = { text: ref.cid, key: (await alice.lookupPin(ref)).cid.key }
    const contents = await Promise.all([alice, bob, alice].map((tenant) => tenant.lookupContent(cid)))
    expect(contents.map((found) => found.map(({ name }) => name))).toEqual([['of alice'], ['of bob'], ['of alice']])
    // That alice's request id is not bob's to see.
    await expect(bob.lookupPin(ref)).rejects.toMatchObject({ code: 'PIN_NOT_FOUND' })
  })

  it('start anew after a change was answered, even while an older one is under way', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using registry = openRegistry(service)
    const tenant = registry.tenant('test', ALICE)
    const [pin] = service.seed(ALICE, [{ cid: exampleCid(1) }, { cid: exampleCid(2) }])
    const release = deferred()
    let isFirst = true
    service.hooks.beforeReply = async ({ operation }) => {
      if (operation === 'list' && isFirst) {
        isFirst = false
        await release.promise
      }
      return undefined
    }
    const before = tenant.reads.listPins(ALL)
    await tenant.removePin(pin?.requestId ?? '')
    const after = await tenant.reads.listPins(ALL)
    release.resolve()
    expect([(await before).pins.length, after.pins.length, service.count('GET')]).toEqual([2, 1, 2])
  })

  it('go on while one caller is left, and end with the last', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using registry = openRegistry(service)
    const tenant = registry.tenant('test', ALICE)
    service.seed(ALICE, [{ cid: exampleCid(1) }])
    const first = holdAnswers(service, 1)
    const leavers = [new AbortController(), new AbortController()]
    const [left, stays] = leavers.map(({ signal }) => tenant.reads.listPins(ALL, { signal }))
    await first.held
    leavers[0]?.abort(new Error('went away'))
    await expect(left).rejects.toThrow('went away')
    first.release()
    expect((await stays)?.pins).toHaveLength(1)

    const second = holdAnswers(service, 1)
    const all = leavers.map(() => new AbortController())
    const both = all.map(({ signal }) => tenant.reads.listPins({ ...ALL, limit: 9 }, { signal }))
    await second.held
    for (const each of all) each.abort(new Error('went away'))
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    second.release()
    expect(service.requests.at(-1)?.status ?? null).toBe(null)
  })
})
