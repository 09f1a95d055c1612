import { describe, expect, it } from 'vitest'
import { badInput, ERROR_FIELDS, type ErrorParts, shownError } from '../../support/gateway/expected-errors.ts'
import { idOf, requestsAt, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import type { EmulatedPin } from '../../support/providers/emulated-pin.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { filebase } from '../../support/providers/filebase.ts'
import { heliaServer } from '../../support/providers/helia-server.ts'
import { ALICE } from '../../support/start-test-api.ts'

const REMOVE = `mutation ($input: RemovePinsInput!) {
  removePins(input: $input) { pinId removedId pin { id name cid meta } error { ${ERROR_FIELDS} } }
}`

/** The payload of a pin that was removed: the pin as it was. */
const removed = ({ requestId, cid, name, meta }: EmulatedPin, service?: string) => {
  const id = idOf({ requestId, cid }, service)
  return { pinId: id, removedId: id, pin: { id, name, cid, meta: meta ?? {} }, error: null }
}

/** The payload of a pin that would be removed, or could not be. */
const kept = (pin: EmulatedPin) => ({ ...removed(pin), removedId: null })

const ZERO = '0001-01-01T00:00:00Z'
const NOT_ALL = 'ids, or a filter that not every pin matches'
const EITHER = 'either ids, or filter and service; the other null'
const A_VALUE = 'a value, or null for any'
const A_SERVICE = 'a name, or null for the default service'
/** An empty filter, once GraphQL has set the default of `match`. */
const ANY = { match: 'exact' }
const ANY_PART = { match: 'ipartial' }

/** The only payload where the pins could not be listed. */
const notListed = (error: ErrorParts) => ({
  data: { removePins: [{ pinId: null, removedId: null, pin: null, error: shownError(error) }] },
})

describe('removePins by a filter', () => {
  it('removes what matches, newest first, and nothing else', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const stored = seedPins(service, 5)
    const old = service.seed(ALICE, [
      { cid: exampleCid(8), name: 'old', created: '2001-01-01T00:00:00Z', meta: { app: 'blog' } },
      { cid: exampleCid(9), name: 'old', created: '2002-01-01T00:00:00Z', status: 'failed' },
    ])

    const answer = await api.query(REMOVE, { input: { filter: { name: 'old' } } })

    expect(answer).toEqual({ data: { removePins: old.toReversed().map((pin) => removed(pin)) } })
    expect(service.pins(ALICE).map(({ name }) => name)).toEqual(stored.map(({ name }) => name).reverse())
    expect(requestsAt(service).sort()).toEqual(
      [...old.map(({ requestId }) => `DELETE /pins/${requestId}`), 'GET /pins'].sort(),
    )
  })

  it('removes no pin that a service lists where it should not (#35)', async () => {
    await using setup = await startSetup({ profile: heliaServer })
    const { service, api } = setup
    seedPins(service, 5)

    const { data } = await api.query(REMOVE, { input: { filter: { cid: [exampleCid(3)] } } })

    expect(data.removePins).toHaveLength(1)
    expect(service.pins(ALICE).map(({ cid }) => cid)).toEqual([1, 2, 4, 5].map(exampleCid))
  })

  it('removes pins of one second all, and each once', async () => {
    await using setup = await startSetup({ profile: filebase })
    const { service, api } = setup
    seedPins(service, 40, { created: '2026-01-31T12:00:00Z' })

    const { data } = await api.query(REMOVE, {
      input: { filter: { createdBefore: '2026-01-31T12:00:01Z' } },
    })

    expect(new Set(data.removePins.map(({ pinId }: { pinId: string }) => pinId)).size).toBe(40)
    expect(service.pins(ALICE)).toEqual([])
    expect(service.count('DELETE')).toBe(40)
  })

  it('removes a thousand at most, and the rest when it is sent again', async () => {
    await using setup = await startSetup({ provider: 'embedded' })
    const { service, api } = setup
    seedPins(service, 1003)
    const all = { input: { filter: { status: ['QUEUED', 'PINNING', 'PINNED', 'FAILED'] } } }

    const counts = [await api.query(REMOVE, all), await api.query(REMOVE, all), await api.query(REMOVE, all)].map(
      ({ data }) => data.removePins.length,
    )

    expect(counts).toEqual([1000, 3, 0])
    expect(service.pins(ALICE)).toEqual([])
  })

  it('removes at the service that is named', async () => {
    await using setup = await startServices('one', 'two')
    const { services, api } = setup
    seedPins(services.one, 2)
    const [, pin] = seedPins(services.two, 2) as [EmulatedPin, EmulatedPin]

    const answer = await api.query(REMOVE, { input: { service: 'two', filter: { name: 'pin 1' } } })

    expect(answer).toEqual({ data: { removePins: [removed(pin, 'two')] } })
    expect([services.one.pins(ALICE).length, services.two.pins(ALICE).length]).toEqual([2, 1])
  })

  it.each<[what: string, input: object, argument: string, expected: string, received: unknown]>([
    ['neither ids nor filter', {}, 'filter', NOT_ALL, null],
    ['nothing but null', { ids: null, filter: null, service: null, dryRun: null }, 'filter', NOT_ALL, null],
    ['a service alone', { service: 'one' }, 'filter', NOT_ALL, null],
    ['both', { ids: [], filter: { name: 'a' } }, 'ids', EITHER, 'both'],
    ['ids and a service', { ids: [], service: 'one' }, 'ids', EITHER, 'both'],
    ['an empty filter', { filter: {} }, 'filter', NOT_ALL, ANY],
    ['a filter of nothing but how to compare', { filter: { match: 'IPARTIAL' } }, 'filter', NOT_ALL, ANY_PART],
    ['no meta', { filter: { meta: {} } }, 'filter', NOT_ALL, { ...ANY, meta: {} }],
    ['any part of any name', { filter: { name: '', match: 'PARTIAL' } }, 'filter.name', A_VALUE, ''],
    ['an empty name beside a status', { filter: { name: '', status: ['FAILED'] } }, 'filter.name', A_VALUE, ''],
    ['an empty time', { filter: { createdBefore: '' } }, 'filter.createdBefore', A_VALUE, ''],
    ['an empty time beside a name', { filter: { name: 'a', createdAfter: '' } }, 'filter.createdAfter', A_VALUE, ''],
    ["Go's zero time", { filter: { createdBefore: ZERO } }, 'filter.createdBefore', A_VALUE, ZERO],
    ['an empty service', { service: '', filter: { name: 'a' } }, 'service', A_SERVICE, ''],
    ['a bad part', { filter: { cid: ['x'] } }, 'filter.cid[0]', 'a CID such as "bafybei…" or "Qm…"', 'x'],
  ])('is refused for %s, as the only result', async (_what, input, argument, expected, received) => {
    await using setup = await startSetup()
    seedPins(setup.service, 1)

    for (const dryRun of [false, true]) {
      const answer = await setup.api.query(REMOVE, { input: { dryRun, ...input } })

      expect(answer).toEqual(notListed(badInput(`input.${argument}`, expected, received)))
    }
    expect(requestsAt(setup.service)).toEqual([])
  })

  it.each([[{ cid: [] }], [{ status: [] }]])('matches nothing by an empty list: %j', async (filter) => {
    await using setup = await startSetup()
    seedPins(setup.service, 1)

    expect(await setup.api.query(REMOVE, { input: { filter } })).toEqual({ data: { removePins: [] } })
    expect(setup.service.pins(ALICE)).toHaveLength(1)
  })

  it.each([false, true])(
    'removes nothing when the pins cannot be listed, and says why (dryRun: %j)',
    async (dryRun) => {
      await using setup = await startSetup({ token: 'nobody' })
      seedPins(setup.service, 1)

      const answer = await setup.api.query(REMOVE, { input: { filter: { name: 'pin 1' }, dryRun } })

      const message = 'one answered 401 UNAUTHORIZED: Access token is missing or invalid'
      expect(answer).toEqual(notListed({ code: 'UNAUTHORIZED', message, service: 'one' }))
      expect(requestsAt(setup.service)).toEqual(['GET /pins'])
    },
  )

  it('removes nothing at a service that is not configured', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(REMOVE, { input: { filter: { name: 'a' }, service: 'x' } })).toEqual(
      notListed({
        code: 'UNKNOWN_SERVICE',
        message: 'Unknown service "x": expected one of one',
        service: 'x',
        known: ['one'],
      }),
    )
    expect(setup.service.count()).toBe(0)
  })

  it('shows each pin that was read also where it could not be removed, beside the reason', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [newer, older] = seedPins(service, 2) as [EmulatedPin, EmulatedPin]
    service.hooks.beforeReply = ({ method, path }) =>
      method === 'DELETE' && path === `/pins/${newer.requestId}` ? { status: 418, headers: {}, body: '' } : undefined

    const answer = await api.query(REMOVE, { input: { filter: { status: ['PINNED'] } } })

    const error = { code: 'SERVICE_ERROR', message: 'one answered 418', service: 'one', httpStatus: 418 } as const
    expect(answer).toEqual({
      data: { removePins: [{ ...kept(newer), error: shownError(error) }, removed(older)] },
    })
  })

  it('lists once for a dryRun at a service that is known', async () => {
    await using setup = await startSetup({ provider: 'pinql' })
    const { service, api } = setup
    const pins = seedPins(service, 12, { meta: { app: 'blog' } })
    const filter = { status: ['PINNED'], meta: { app: 'blog' } }

    expect(await api.query(REMOVE, { input: { filter, dryRun: true } })).toEqual({
      data: { removePins: pins.map((pin) => kept(pin)) },
    })
    expect(requestsAt(service)).toEqual(['GET /pins'])
  })

  it('with dryRun gives the pins that would go, newest first, and removes none', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const pins = seedPins(service, 12, { meta: { app: 'blog' } })
    const input = { filter: { status: ['PINNED'], meta: { app: 'blog' } } }

    const tried = await api.query(REMOVE, { input: { ...input, dryRun: true } })

    expect(tried).toEqual({ data: { removePins: pins.map((pin) => kept(pin)) } })
    expect(new Set(requestsAt(service))).toEqual(new Set(['GET /pins']))
    expect(service.pins(ALICE)).toHaveLength(12)
    // The very pins that go when it is meant.
    expect(await api.query(REMOVE, { input })).toEqual({ data: { removePins: pins.map((pin) => removed(pin)) } })
    expect(service.pins(ALICE)).toEqual([])
  })
})
