import { describe, expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, type Answer } from '../../support/query-schema.ts'
import { ERROR_FIELDS, requestsAt, second, startServices } from './setup.ts'

const PAGE = `query ($services: [String!], $first: Int, $after: Cursor) {
  pins(services: $services, first: $first, after: $after) {
    ${ERROR_FIELDS}
    ... on PinConnection {
      nodes { name service { name } }
      pageInfo { hasNextPage endCursor }
      totalCount
      warnings { __typename code message ... on ServiceUnavailableError { service } }
    }
  }
}`

/** Two services whose pins were made in turns; `a1` is the oldest and `b4` the newest. */
async function startPair() {
  const setup = await startServices('a', 'b')
  for (const [offset, name] of (['a', 'b'] as const).entries()) {
    setup.services[name].seed(
      ALICE,
      [1, 2, 3, 4].map((n) => ({ cid: exampleCid(n), name: `${name}${n}`, created: second(2 * n + offset) })),
    )
  }
  return setup
}

const node = (name: string) => ({ name, service: { name: name[0] } })
const unavailable = (service: string) => ({
  __typename: 'ServiceUnavailableError',
  code: 'SERVICE_UNAVAILABLE',
  message: `${service} could not be reached: ECONNREFUSED`,
  service,
})

describe('pins of several services', () => {
  it('are merged newest first, for one request each a page', async () => {
    await using setup = await startPair()
    const { api, services } = setup

    const first = await api.query(PAGE, { services: ['a', 'b'], first: 5 })
    expect(first.data.pins).toEqual({
      __typename: 'PinConnection',
      nodes: ['b4', 'a4', 'b3', 'a3', 'b2'].map(node),
      pageInfo: { hasNextPage: true, endCursor: expect.any(String) },
      totalCount: 8,
      warnings: [],
    })
    expect([requestsAt(services.a), requestsAt(services.b)]).toEqual([['GET /pins'], ['GET /pins']])

    const rest = await api.query(PAGE, { services: ['a', 'b'], first: 5, after: first.data.pins.pageInfo.endCursor })
    expect(rest.data.pins).toMatchObject({
      nodes: ['a2', 'b1', 'a1'].map(node),
      pageInfo: { hasNextPage: false },
      totalCount: 8,
    })
  })

  it('of the same instant are ordered by service, and none is lost between pages', async () => {
    await using setup = await startServices('a', 'b')
    const { api, services } = setup
    for (const name of ['a', 'b'] as const) {
      services[name].seed(
        ALICE,
        [1, 2, 3].map((n) => ({ cid: exampleCid(n), name: `${name}${n}`, created: second(n) })),
      )
    }

    const seen: string[] = []
    let after: string | null = null
    do {
      const { data }: Answer = await api.query(PAGE, { services: ['a', 'b'], first: 1, after })
      seen.push(...data.pins.nodes.map((pin: { name: string }) => pin.name))
      after = data.pins.pageInfo.hasNextPage ? data.pins.pageInfo.endCursor : null
    } while (after !== null)

    expect(seen).toEqual(['a3', 'b3', 'a2', 'b2', 'a1', 'b1'])
  })

  it('come with a warning for the one that is down', async () => {
    await using setup = await startPair()
    const { api, services } = setup
    await services.b[Symbol.asyncDispose]()

    expect(await api.query(PAGE, { services: ['a', 'b'], first: 10 })).toEqual({
      data: {
        pins: {
          __typename: 'PinConnection',
          nodes: ['a4', 'a3', 'a2', 'a1'].map(node),
          pageInfo: { hasNextPage: false, endCursor: expect.any(String) },
          totalCount: null,
          warnings: [unavailable('b')],
        },
      },
    })
  })

  it('are an error when all are down, as they are for the only one', async () => {
    await using setup = await startPair()
    const { api, services } = setup
    await services.a[Symbol.asyncDispose]()
    await services.b[Symbol.asyncDispose]()

    expect(await api.query(PAGE, { services: ['a'] })).toEqual({
      data: { pins: { ...unavailable('a'), mayHaveActed: false } },
    })
    const both = await api.query(PAGE, { services: ['a', 'b'] })
    expect(both.data.pins).toMatchObject({ __typename: 'ServiceUnavailableError', mayHaveActed: false })
  })

  it('are asked for once from a service that is named twice', async () => {
    await using setup = await startPair()
    const { api, services } = setup

    const { data } = await api.query(PAGE, { services: ['a', 'a'] })

    expect(data.pins.nodes).toEqual(['a4', 'a3', 'a2', 'a1'].map(node))
    expect(services.a.count()).toBe(1)
  })
})
