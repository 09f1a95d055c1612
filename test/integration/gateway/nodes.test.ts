import { describe, expect, it } from 'vitest'
import { formatServiceId } from '../../../src/domain/pin-id.ts'
import { notFound, thrownError, unreachable } from '../../support/gateway/expected-errors.ts'
import { idOf, requestsAt, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Pin { requestId name } } }'
const PIN = `query ($id: ID, $service: String, $requestId: String) {
  pin(id: $id, service: $service, requestId: $requestId) { id name status }
}`

describe('nodes', () => {
  it.each([
    [1, 1],
    [2, 1],
    [10, 1],
    [11, 2],
    [100, 10],
  ])('looks up %i pins with %i requests', async (count, requests) => {
    await using setup = await startSetup()
    const { service, api } = setup
    const stored = seedPins(service, count)

    const answer = await api.query(NODES, { ids: stored.map((pin) => idOf(pin)) })

    expect(answer).toEqual({
      data: {
        nodes: stored.map((pin) => ({
          __typename: 'Pin',
          id: idOf(pin),
          requestId: pin.requestId,
          name: pin.name,
        })),
      },
    })
    // A pin that is left over alone is requested by its request id.
    const lone = count % 10 === 1 ? [`GET /pins/${stored.at(-1)?.requestId}`] : []
    expect(requestsAt(service)).toEqual([...Array(requests - lone.length).fill('GET /pins'), ...lone])
    for (const { query } of service.requests) expect(query.get('cid')?.split(',').length ?? 0).toBeLessThanOrEqual(10)
  })

  it('requests a pin once, however often and under whatever fields it is selected', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [pin] = seedPins(service, 1)
    const id = pin && idOf(pin)

    const answer = await api.query(
      'query ($id: ID!, $ids: [ID!]!) { pin(id: $id) { id } node(id: $id) { id } nodes(ids: $ids) { id } }',
      { id, ids: [id, id] },
    )

    expect(answer).toEqual({ data: { pin: { id }, node: { id }, nodes: [{ id }, { id }] } })
    expect(requestsAt(service)).toEqual([`GET /pins/${pin?.requestId}`])
  })

  it('asks each service for its own, and puts all in the order asked for', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [a, b] = seedPins(services.one, 2).map((pin) => idOf(pin, 'one'))
    const [c, d] = seedPins(services.two, 2).map((pin) => idOf(pin, 'two'))

    const ids = [a, c, formatServiceId('two'), d, b]
    const answer = await api.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })

    expect(answer).toEqual({ data: { nodes: ids.map((id) => ({ id })) } })
    expect([services.one.count(), services.two.count()]).toEqual([1, 1])
  })

  it('is null where a pin is gone, and an error where its service is, beside the others', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [kept, gone] = seedPins(services.one, 2)
    const [lost] = seedPins(services.two, 1)
    services.one.removeDirectly(ALICE, gone?.requestId ?? '')
    await services.two[Symbol.asyncDispose]()

    const ids = [kept && idOf(kept), gone && idOf(gone), lost && idOf(lost, 'two'), formatServiceId('three')]
    const { data, errors } = await api.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })

    expect(data).toEqual({ nodes: [{ id: ids[0] }, null, null, null] })
    expect(errors).toEqual([thrownError(unreachable('two'), 'nodes', 2)])
  })

  it('is null without an error where a thing is not there, whether it is asked for alone or with others', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [gone] = seedPins(service, 1)
    service.removeDirectly(ALICE, gone?.requestId ?? '')
    const ids = [gone && idOf(gone), formatServiceId('two')]

    for (const id of ids) {
      expect(await api.query('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ data: { node: null } })
    }
    expect(await api.query(NODES, { ids })).toEqual({ data: { nodes: [null, null] } })
    expect(requestsAt(service)).toEqual(Array(2).fill(`GET /pins/${gone?.requestId}`))
  })

  it('is null beside an error where a single thing could not be read, and leaves its siblings', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [lost] = seedPins(services.two, 1)
    await services.two[Symbol.asyncDispose]()
    const unknown = idOf({ requestId: 'r', cid: exampleCid(1) }, 'three')

    const { data, errors } = await api.query(
      'query ($lost: ID!, $unknown: ID!) { lost: node(id: $lost) { id } unknown: node(id: $unknown) { id } services { name } }',
      { lost: lost && idOf(lost, 'two'), unknown },
    )

    expect(data).toEqual({ lost: null, unknown: null, services: [{ name: 'one' }, { name: 'two' }] })
    expect(errors).toHaveLength(2)
    expect(errors).toEqual(
      expect.arrayContaining([
        thrownError(unreachable('two'), 'lost'),
        thrownError(
          {
            code: 'UNKNOWN_SERVICE',
            message: 'Unknown service "three": expected one of one, two',
            service: 'three',
            known: ['one', 'two'],
          },
          'unknown',
        ),
      ]),
    )
  })
})

describe('pin', () => {
  it.each(['id', 'requestId'])('is found by %s with one GET /pins/{requestid}', async (argument) => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [stored] = seedPins(service, 1, { status: 'queued' })
    const variables = argument === 'id' ? { id: stored && idOf(stored) } : { requestId: stored?.requestId }

    expect(await api.query(PIN, variables)).toEqual({
      data: { pin: { id: stored && idOf(stored), name: 'pin 1', status: 'QUEUED' } },
    })
    expect(requestsAt(service)).toEqual([`GET /pins/${stored?.requestId}`])
  })

  it('shows its present status in each query', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [stored] = seedPins(service, 1, { status: 'queued' })
    const id = stored && idOf(stored)

    const seen: string[] = []
    for (let step = 0; step < 3; step++) {
      seen.push((await api.query(PIN, { id })).data.pin.status)
      service.advance(ALICE)
    }

    expect(seen).toEqual(['QUEUED', 'PINNING', 'PINNED'])
  })

  it('shows the reason for its failure', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const info = { status_details: 'no providers found' }
    const [stored] = seedPins(service, 1, { status: 'failed', info })

    expect(
      await api.query('query ($id: ID!) { pin(id: $id) { status failureReason info } }', {
        id: stored && idOf(stored),
      }),
    ).toEqual({ data: { pin: { status: 'FAILED', failureReason: 'no providers found', info } } })
  })

  it.each(['r-unknown', '../pins', 'a/b', '100%', 'ü 🧷', 'a?b#c', 'a:b|c'])(
    'is not found by the unknown request id %j, which arrives as it was given',
    async (requestId) => {
      await using setup = await startSetup()
      const { service, api } = setup

      expect(await api.query(PIN, { requestId })).toEqual({
        data: { pin: null },
        errors: [thrownError(notFound(requestId), 'pin')],
      })
      expect(requestsAt(service)).toEqual([`GET /pins/${encodeURIComponent(requestId)}`])
    },
  )

  it.each(['a/b', '100%', 'ü 🧷', 'a:b|c'])(
    'is found, replaced and removed by the request id %j',
    async (requestId) => {
      await using setup = await startSetup()
      const { service, api } = setup
      const [stored] = service.seed(ALICE, [{ cid: exampleCid(1), requestId, name: 'odd' }])
      const id = stored && idOf(stored)

      expect(await api.query(PIN, { id })).toEqual({ data: { pin: { id, name: 'odd', status: 'PINNED' } } })
      const replaced = await api.query(
        'mutation ($id: ID!) { replacePin(input: { id: $id, name: "new" }) { pin { id } replacedId error { code } } }',
        { id },
      )
      const [current] = service.pins(ALICE).map((pin) => idOf(pin))
      expect(replaced).toEqual({ data: { replacePin: { pin: { id: current }, replacedId: id, error: null } } })
      const removed = await api.query(
        'mutation ($id: ID!) { removePin(input: { id: $id }) { pinId error { code } } }',
        { id: current },
      )
      expect(removed).toEqual({ data: { removePin: { pinId: current, error: null } } })
      expect(service.pins(ALICE)).toEqual([])
    },
  )

  it('that could not be read is null beside an error, and leaves its siblings', async () => {
    await using setup = await startSetup()
    await setup.service[Symbol.asyncDispose]()

    expect(await setup.api.query('{ pin(requestId: "r") { id } services { name } }')).toEqual({
      data: { pin: null, services: [{ name: 'one' }] },
      errors: [thrownError(unreachable('one'), 'pin')],
    })
  })

  it.each(['.', '..', '\ud800'])('never has the request id %j, which no URL can name', async (requestId) => {
    await using setup = await startSetup()
    const { service, api } = setup

    expect(await api.query(PIN, { requestId })).toEqual({
      data: { pin: null },
      errors: [thrownError(notFound(requestId), 'pin')],
    })
    expect(service.count()).toBe(0)
  })
})
