import { describe, expect, it } from 'vitest'
import {
  badInput,
  ERROR_FIELDS,
  notFound,
  shownError,
  thrownError,
  unreachable,
} from '../../support/gateway/expected-errors.ts'
import { idOf, requestsAt, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

const PAYLOAD = `pinId removedId pin { id name cid } error { ${ERROR_FIELDS} }`
const REMOVE = `mutation ($id: ID!) { removePin(input: { id: $id }) { ${PAYLOAD} } }`
const REMOVE_MANY = `mutation ($ids: [ID!]!, $dryRun: Boolean) {
  removePins(input: { ids: $ids, dryRun: $dryRun }) { ${PAYLOAD} }
}`

const AN_ID = 'an id that pinql gave out'

describe('removePin', () => {
  it('removes with one DELETE, and finds nothing the second time', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [pin] = seedPins(service, 1)
    const id = pin && idOf(pin)

    expect(await api.query(REMOVE, { id })).toEqual({
      data: { removePin: { pinId: id, removedId: id, pin: null, error: null } },
    })
    expect(service.pins(ALICE)).toEqual([])
    expect(requestsAt(service)).toEqual([`DELETE /pins/${pin?.requestId}`])
    expect(await api.query(REMOVE, { id })).toEqual({
      data: { removePin: { pinId: id, removedId: null, pin: null, error: shownError(notFound(pin?.requestId)) } },
    })
  })

  it('says which pin was not removed', async () => {
    await using setup = await startSetup()
    await setup.service[Symbol.asyncDispose]()
    const id = idOf({ requestId: 'r', cid: exampleCid(1) })

    expect(await setup.api.query(REMOVE, { id })).toEqual({
      data: { removePin: { pinId: id, removedId: null, pin: null, error: shownError(unreachable('one')) } },
    })
  })
})

describe('removePins', () => {
  it('gives each id its own payload, in order', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const pins = seedPins(service, 12)
    const [gone, ...kept] = pins
    service.removeDirectly(ALICE, gone?.requestId ?? '')
    const ids = [...pins.map((pin) => idOf(pin)), 'nonsense']

    expect(await api.query(REMOVE_MANY, { ids })).toEqual({
      data: {
        removePins: [
          { pinId: ids[0], removedId: null, pin: null, error: shownError(notFound(gone?.requestId)) },
          ...kept.map((pin) => ({ pinId: idOf(pin), removedId: idOf(pin), pin: null, error: null })),
          {
            pinId: 'nonsense',
            removedId: null,
            pin: null,
            error: shownError(badInput('input.ids[12]', AN_ID, 'nonsense')),
          },
        ],
      },
    })
    expect(service.pins(ALICE)).toEqual([])
    expect(service.count('DELETE')).toBe(12)
    expect(service.count()).toBe(12)
  })

  it.each([false, true])('refuses more than 1,000 items with one error (dryRun: %j)', async (dryRun) => {
    await using setup = await startSetup()
    const id = idOf({ requestId: 'r', cid: exampleCid(1) })

    const { data, errors } = await setup.api.query(REMOVE_MANY, { ids: Array(1001).fill(id), dryRun })

    expect([data, errors]).toMatchObject([
      null,
      [thrownError(badInput('input.ids', 'at most 1000 items', '1001 items'), 'removePins')],
    ])
    expect(setup.service.count()).toBe(0)
  })

  it.each([
    [10, 1],
    [20, 2],
    [25, 3],
  ])('with dryRun only reads %i pins of ids, with %i requests', async (count, requests) => {
    await using setup = await startSetup()
    const { service, api } = setup
    const pins = seedPins(service, count)

    expect(await api.query(REMOVE_MANY, { ids: pins.map((pin) => idOf(pin)), dryRun: true })).toEqual({
      data: {
        removePins: pins.map((pin) => ({
          pinId: idOf(pin),
          removedId: null,
          pin: { id: idOf(pin), name: pin.name, cid: pin.cid },
          error: null,
        })),
      },
    })
    expect(requestsAt(service)).toEqual(Array(requests).fill('GET /pins'))
    expect(service.pins(ALICE)).toHaveLength(count)
  })

  it('with dryRun says of each id that could not be removed why', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [kept, gone] = seedPins(services.one, 2)
    const [lost] = seedPins(services.two, 1)
    services.one.removeDirectly(ALICE, gone?.requestId ?? '')
    await services.two[Symbol.asyncDispose]()
    const ids = [gone && idOf(gone), 'nonsense', lost && idOf(lost, 'two'), kept && idOf(kept)]

    expect(await api.query(REMOVE_MANY, { ids, dryRun: true })).toEqual({
      data: {
        removePins: [
          { pinId: ids[0], removedId: null, pin: null, error: shownError(notFound(gone?.requestId)) },
          {
            pinId: 'nonsense',
            removedId: null,
            pin: null,
            error: shownError(badInput('input.ids[1]', AN_ID, 'nonsense')),
          },
          { pinId: ids[2], removedId: null, pin: null, error: shownError(unreachable('two')) },
          { pinId: ids[3], removedId: null, pin: { id: ids[3], name: kept?.name, cid: kept?.cid }, error: null },
        ],
      },
    })
    expect(services.one.count('DELETE')).toBe(0)
  })
})
