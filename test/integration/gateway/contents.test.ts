import { createHash } from 'node:crypto'
import { base16 } from 'multiformats/bases/base16'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { ERROR_FIELDS, shownError, unreachable } from '../../support/gateway/expected-errors.ts'
import { requestsAt, second, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid, exampleCidV0 } from '../../support/providers/example-cid.ts'
import { ALICE, startTestApi } from '../../support/start-test-api.ts'

const CONTENTS = `query ($cids: [CID!]!) {
  contents(cids: $cids) {
    cid
    pins { requestId }
    services { service { name } pins { requestId status } error { ${ERROR_FIELDS} } }
  }
}`

describe('contents', () => {
  it.each([
    [1, 1],
    [2, 1],
    [10, 1],
    [11, 2],
    [100, 10],
  ])('costs %i CIDs with all of their pins %i requests a service', async (count, requests) => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    seedPins(services.one, count)
    const cids = Array.from({ length: count }, (_, n) => exampleCid(n + 1))

    const { data } = await api.query('query ($cids: [CID!]!) { contents(cids: $cids) { cid pins { cid } } }', { cids })

    expect(data).toEqual({ contents: cids.map((cid) => ({ cid, pins: [{ cid }] })) })
    expect(requestsAt(services.one)).toEqual(Array(requests).fill('GET /pins'))
    expect(requestsAt(services.two)).toEqual(Array(requests).fill('GET /pins'))
  })

  it('keeps URLs short when CIDs are long', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    // 64 bytes of hash in base16: 139 characters each.
    const cids = Array.from({ length: 20 }, (_, n) => longCid(n))
    service.seed(
      ALICE,
      cids.map((cid) => ({ cid })),
    )

    const { data } = await api.query('query ($cids: [CID!]!) { contents(cids: $cids) { pins { cid } } }', { cids })

    expect(data).toEqual({ contents: cids.map((cid) => ({ pins: [{ cid }] })) })
    expect(Math.max(...service.requests.map(({ query }) => `/pins?${query}`.length))).toBeLessThan(2000)
    expect(service.count()).toBe(2)
  })

  it('finds the pins of equal content in whatever version its CID is asked for, and asks for it once', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [v1, v0] = [exampleCid(1), exampleCidV0(1)]
    const [older, newer] = service.seed(ALICE, [
      { cid: v0, created: second(1) },
      { cid: v1, created: second(2) },
    ])

    const { data } = await api.query(
      'query ($cids: [CID!]!) { contents(cids: $cids) { cid pins { requestId cid } } }',
      { cids: [v1, v0, v1] },
    )

    const pins = [
      { requestId: newer?.requestId, cid: v1 },
      { requestId: older?.requestId, cid: v0 },
    ]
    expect(data).toEqual({ contents: [v1, v0, v1].map((cid) => ({ cid, pins })) })
    expect(service.count()).toBe(1)
  })

  it('narrows pins by status without asking again', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const cid = exampleCid(1)
    service.seed(ALICE, [
      { cid, status: 'failed', created: second(1) },
      { cid, status: 'pinned', created: second(2) },
    ])

    const answer = await api.query(
      'query ($cid: CID!) { content(cid: $cid) { all: pins { status } failed: pins(status: [FAILED]) { status } none: pins(status: []) { status } } }',
      { cid },
    )

    expect(answer).toEqual({
      data: {
        content: { all: [{ status: 'PINNED' }, { status: 'FAILED' }], failed: [{ status: 'FAILED' }], none: [] },
      },
    })
    expect(service.count()).toBe(1)
  })

  it('shows one service that is down as the error of its element, beside the pins of the other', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [pin] = seedPins(services.one, 1)
    await services.two[Symbol.asyncDispose]()

    const answer = await api.query(CONTENTS, { cids: [exampleCid(1)] })

    expect(answer).toEqual({
      data: {
        contents: [
          {
            cid: exampleCid(1),
            pins: [{ requestId: pin?.requestId }],
            services: [
              {
                service: { name: 'one' },
                pins: [{ requestId: pin?.requestId, status: 'PINNED' }],
                error: null,
              },
              { service: { name: 'two' }, pins: null, error: shownError(unreachable('two')) },
            ],
          },
        ],
      },
    })
  })

  it('has no list of pins when every service is down, with the error of each, and answers the rest', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    await services.one[Symbol.asyncDispose]()
    await services.two[Symbol.asyncDispose]()
    const cid = exampleCid(1)

    expect(await api.query(CONTENTS, { cids: [cid, exampleCid(2)] })).toEqual({
      data: {
        contents: [cid, exampleCid(2)].map((each) => ({
          cid: each,
          pins: null,
          services: ['one', 'two'].map((name) => ({
            service: { name },
            pins: null,
            error: shownError(unreachable(name)),
          })),
        })),
      },
    })
    // Without a word of the services too: null is not an empty list.
    expect(
      await api.query(
        'query ($cid: CID!) { content(cid: $cid) { pins(status: [PINNED]) { cid } } services { name } }',
        {
          cid,
        },
      ),
    ).toEqual({ data: { content: { pins: null }, services: [{ name: 'one' }, { name: 'two' }] } })
  })

  it('has an empty list of pins where the services were asked, and none has it', async () => {
    await using setup = await startServices('one', 'two')
    const cid = exampleCid(1)

    expect(await setup.api.query(CONTENTS, { cids: [cid] })).toEqual({
      data: {
        contents: [
          { cid, pins: [], services: ['one', 'two'].map((name) => ({ service: { name }, pins: [], error: null })) },
        ],
      },
    })
  })

  it('has an empty list of pins where one service was asked and has none, and the other is down', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    await services.one[Symbol.asyncDispose]()
    const cid = exampleCid(1)

    expect(await api.query(CONTENTS, { cids: [cid] })).toEqual({
      data: {
        contents: [
          {
            cid,
            pins: [],
            services: [
              { service: { name: 'one' }, pins: null, error: shownError(unreachable('one')) },
              { service: { name: 'two' }, pins: [], error: null },
            ],
          },
        ],
      },
    })
  })

  it('asks only services that the caller has a token for; with none, says so of the default one', async () => {
    await using setup = await startServices('one', 'two')
    const { services } = setup
    const settings = (['one', 'two'] as const).map((name) => ({ name, endpoint: services[name].endpoint, token: null }))
    await using api = startTestApi({ services: settings })
    const cid = exampleCid(1)

    const withOne = await api.query(CONTENTS, { cids: [cid] }, { headers: { 'X-Pinning-Token-two': ALICE } })
    expect(withOne).toEqual({
      data: { contents: [{ cid, pins: [], services: [{ service: { name: 'two' }, pins: [], error: null }] }] },
    })

    const withNone = await api.query(CONTENTS, { cids: [cid] })
    const error = shownError({
      code: 'UNAUTHORIZED',
      message: 'No token for one: expected one in the header "Authorization: Bearer …" or "X-Pinning-Token-one"',
      service: 'one',
    })
    expect(withNone).toEqual({
      data: { contents: [{ cid, pins: null, services: [{ service: { name: 'one' }, pins: null, error }] }] },
    })
    expect([services.one.count(), services.two.count()]).toEqual([0, 1])
  })

  it('sends no request when only the CID is selected', async () => {
    await using setup = await startSetup()

    await setup.api.query('query ($cids: [CID!]!) { contents(cids: $cids) { cid } }', { cids: [exampleCid(1)] })

    expect(setup.service.count()).toBe(0)
  })

  it('shares requests when asked for from each pin of a list', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    seedPins(service, 11)

    const { data } = await api.query('{ pins(first: 10) { nodes { content { pins { cid } } } } }')

    expect(data.pins.nodes).toHaveLength(10)
    // One for the page, one for the contents of its ten pins.
    expect(service.count()).toBe(2)
  })
})

function longCid(n: number): string {
  const digest = create(0x13, createHash('sha512').update(`long ${n}`).digest())
  return CID.createV1(0x55, digest).toString(base16.encoder)
}
