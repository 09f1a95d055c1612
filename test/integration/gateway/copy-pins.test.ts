import { describe, expect, it } from 'vitest'
import {
  A_MADE_KEY,
  badInput,
  ERROR_FIELDS,
  failedPayload,
  notFound,
  thrownError,
} from '../../support/gateway/expected-errors.ts'
import { idOf, requestsAt, seedPins, startServices } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

const COPY = `mutation ($ids: [ID!]!, $to: String!) {
  copyPins(input: { ids: $ids, to: $to }) {
    pin { cid name status origins meta service { name } }
    error { ${ERROR_FIELDS} }
    idempotencyKey
    candidates { id }
  }
}`

const peer = 'QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
const DELEGATE = `/ip4/203.0.113.1/tcp/4001/p2p/${peer}`
const origin = `/ip4/198.51.100.1/tcp/4001/p2p/${peer}`

/** The payload of a copy that was made at `two`. */
const copied = (pin: object) => ({
  pin: { status: 'QUEUED', service: { name: 'two' }, ...pin },
  error: null,
  idempotencyKey: A_MADE_KEY,
  candidates: [],
})

describe('copyPins', () => {
  it('adds the pins to another service, with the holders of the content as origins, and reads all of them together', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const meta = { app: 'blog' }
    const pins = seedPins(services.one, 10, { meta, origins: [origin, DELEGATE] })

    const answer = await api.query(COPY, { ids: pins.map((pin) => idOf(pin)), to: 'two' })

    const origins = [DELEGATE, origin]
    expect(answer).toEqual({ data: { copyPins: pins.map(({ cid, name }) => copied({ cid, name, origins, meta })) } })
    expect(requestsAt(services.one)).toEqual(['GET /pins'])
    expect(requestsAt(services.two)).toEqual(Array(10).fill('POST /pins'))
    expect(services.one.pins(ALICE)).toHaveLength(10)
  })

  it('leaves out origins that are no addresses of peers, which the other service would refuse', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const odd = ['nonsense', '/ip4/198.51.100.1/tcp/4001', 'https://a.example', '']
    const pins = seedPins(services.one, 1, { origins: [...odd, origin] })

    const answer = await api.query(COPY, { ids: pins.map((pin) => idOf(pin)), to: 'two' })

    expect(answer.data.copyPins[0]).toMatchObject({ pin: { origins: [DELEGATE, origin] }, error: null })
  })

  it('looks at 40 delegates and origins of a pin, however many a service lists', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const odd = Array.from({ length: 9_000 }, (_, n) => `nonsense ${n}`)
    const late = `/ip4/198.51.100.2/tcp/4001/p2p/${peer}`
    const pins = seedPins(services.one, 1, { origins: [...odd.slice(0, 20), origin, ...odd, late] })

    const answer = await api.query(COPY, { ids: pins.map((pin) => idOf(pin)), to: 'two' })

    expect(answer.data.copyPins[0]).toMatchObject({ pin: { origins: [DELEGATE, origin] }, error: null })
  })

  it('leaves out a name that the service made of the CID', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const pins = seedPins(services.one, 1, { name: exampleCid(1) })

    const answer = await api.query(COPY, { ids: pins.map((pin) => idOf(pin)), to: 'two' })

    expect(answer.data.copyPins[0].pin.name).toBeNull()
  })

  it('gives each id its own payload, in order', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [kept, gone] = seedPins(services.one, 2)
    services.one.removeDirectly(ALICE, gone?.requestId ?? '')

    const answer = await api.query(COPY, { ids: ['nonsense', gone && idOf(gone), kept && idOf(kept)], to: 'two' })

    expect(answer).toEqual({
      data: {
        copyPins: [
          failedPayload(badInput('input.ids[0]', 'an id that pinql gave out', 'nonsense')),
          failedPayload(notFound(gone?.requestId)),
          copied({ cid: kept?.cid, name: kept?.name, origins: [DELEGATE], meta: {} }),
        ],
      },
    })
  })

  it('refuses an empty target without a request, and says what was expected', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [pin] = seedPins(services.one, 1)

    const answer = await api.query(COPY, { ids: [pin && idOf(pin)], to: '' })

    expect(answer).toEqual({ data: { copyPins: [failedPayload(badInput('input.to', 'the name of a service', ''))] } })
    expect([services.one.count(), services.two.count()]).toEqual([0, 0])
  })

  it.each(['three'])('refuses an unknown target without a request (%j)', async (to) => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const pins = seedPins(services.one, 3)

    const error = {
      code: 'UNKNOWN_SERVICE',
      message: `Unknown service "${to}": expected one of one, two`,
      service: to,
      known: ['one', 'two'],
    } as const
    expect(await api.query(COPY, { ids: pins.map((pin) => idOf(pin)), to })).toEqual({
      data: { copyPins: Array(3).fill(failedPayload(error)) },
    })
    expect([services.one.count(), services.two.count()]).toEqual([0, 0])
  })

  it('refuses more than 1,000 items with one error, and sends no request', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup

    const { data, errors } = await api.query(COPY, { ids: Array(1001).fill('x'), to: 'two' })

    expect([data, errors]).toMatchObject([
      null,
      [thrownError(badInput('input.ids', 'at most 1000 items', '1001 items'), 'copyPins')],
    ])
    expect([services.one.count(), services.two.count()]).toEqual([0, 0])
  })
})
