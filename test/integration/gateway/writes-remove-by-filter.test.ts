import { describe, expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { filebase } from '../../support/providers/filebase.ts'
import { heliaServer } from '../../support/providers/helia-server.ts'
import { ALICE } from '../../support/query-schema.ts'
import { idOf, requestsAt, seedPins, startServices, startSetup } from './setup.ts'

const REMOVE = `mutation ($ids: [ID!], $service: String, $filter: PinFilter) {
  removePins(ids: $ids, service: $service, filter: $filter) {
    __typename
    ... on RemovePinSuccess { id }
    ... on Error { code }
    ... on BadRequestError { argument expected }
  }
}`

describe('removePins by a filter', () => {
  it('removes what matches, newest first, and nothing else', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const stored = seedPins(service, 5)
    const [first, second] = service.seed(ALICE, [
      { cid: exampleCid(8), name: 'old', created: '2001-01-01T00:00:00Z' },
      { cid: exampleCid(9), name: 'old', created: '2002-01-01T00:00:00Z', status: 'failed' },
    ])

    const { data } = await api.query(REMOVE, { filter: { name: 'old' } })

    const removed = [second, first].map((pin) => pin && { __typename: 'RemovePinSuccess', id: idOf(pin) })
    expect(data.removePins).toEqual(removed)
    expect(service.pins(ALICE).map(({ name }) => name)).toEqual(stored.map(({ name }) => name).reverse())
    expect(service.count('DELETE')).toBe(2)
  })

  it('removes no pin that a service lists where it should not (#35)', async () => {
    await using setup = await startSetup({ profile: heliaServer })
    const { service, api } = setup
    seedPins(service, 5)

    const { data } = await api.query(REMOVE, { filter: { cid: [exampleCid(3)] } })

    expect(data.removePins).toHaveLength(1)
    expect(service.pins(ALICE).map(({ cid }) => cid)).toEqual([1, 2, 4, 5].map(exampleCid))
  })

  it('removes pins of one second all, and each once', async () => {
    await using setup = await startSetup({ profile: filebase })
    const { service, api } = setup
    seedPins(service, 40, { created: '2026-01-31T12:00:00Z' })

    const { data } = await api.query(REMOVE, { filter: { createdBefore: '2026-01-31T12:00:01Z' } })

    expect(new Set(data.removePins.map(({ id }: { id: string }) => id)).size).toBe(40)
    expect(service.pins(ALICE)).toEqual([])
    expect(service.count('DELETE')).toBe(40)
  })

  it('removes a thousand at most, and the rest when it is sent again', async () => {
    await using setup = await startSetup({ provider: 'embedded' })
    const { service, api } = setup
    seedPins(service, 1003)
    const all = { filter: { status: ['QUEUED', 'PINNING', 'PINNED', 'FAILED'] } }

    const counts = [await api.query(REMOVE, all), await api.query(REMOVE, all), await api.query(REMOVE, all)].map(
      ({ data }) => data.removePins.length,
    )

    expect(counts).toEqual([1000, 3, 0])
    expect(service.pins(ALICE)).toEqual([])
  }, 60_000)

  it('removes at the service that is named', async () => {
    await using setup = await startServices('one', 'two')
    const { services, api } = setup
    seedPins(services.one, 2)
    seedPins(services.two, 2)

    const { data } = await api.query(REMOVE, { service: 'two', filter: { name: 'pin 1' } })

    expect(data.removePins).toHaveLength(1)
    expect([services.one.pins(ALICE).length, services.two.pins(ALICE).length]).toEqual([2, 1])
  })

  it.each([
    ['neither ids nor filter', {}, 'filter'],
    ['a service alone', { service: 'one' }, 'filter'],
    ['both', { ids: [], filter: { name: 'a' } }, 'ids'],
    ['ids and a service', { ids: [], service: 'one' }, 'ids'],
    ['an empty filter', { filter: {} }, 'filter'],
    ['a filter of nothing but how to compare', { filter: { match: 'IPARTIAL' } }, 'filter'],
    ['any part of any name', { filter: { name: '', match: 'PARTIAL' } }, 'filter'],
    ['no meta', { filter: { meta: {} } }, 'filter'],
    ['a bad part', { filter: { cid: ['x'] } }, 'filter.cid[0]'],
  ])('is refused for %s, as the only result', async (_what, variables, argument) => {
    await using setup = await startSetup()
    seedPins(setup.service, 1)

    const { data } = await setup.api.query(REMOVE, variables)

    expect(data.removePins).toEqual([
      { __typename: 'BadRequestError', code: 'BAD_REQUEST', argument, expected: expect.any(String) },
    ])
    expect(requestsAt(setup.service)).toEqual([])
  })

  it.each([[{ cid: [] }], [{ status: [] }]])('matches nothing by an empty list: %j', async (filter) => {
    await using setup = await startSetup()
    seedPins(setup.service, 1)

    const { data } = await setup.api.query(REMOVE, { filter })

    expect(data.removePins).toEqual([])
    expect(setup.service.pins(ALICE)).toHaveLength(1)
  })

  it('removes nothing when the pins cannot be listed, and says why', async () => {
    await using setup = await startSetup({ token: 'nobody' })
    seedPins(setup.service, 1)

    const { data } = await setup.api.query(REMOVE, { filter: { name: 'pin 1' } })

    expect(data.removePins).toEqual([{ __typename: 'UnauthorizedError', code: 'UNAUTHORIZED' }])
    expect(setup.service.count('DELETE')).toBe(0)
  })
})
