import { describe, expect, it } from 'vitest'
import { ERROR_FIELDS, shownError, thrownError, unreachable } from '../../support/gateway/expected-errors.ts'
import { requestsAt, second, startServices } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, type Answer, startTestApi } from '../../support/start-test-api.ts'

const PAGE = `query ($services: [String!], $first: Int, $after: Cursor) {
  pins(services: $services, first: $first, after: $after) {
    nodes { name service { name } }
    pageInfo { hasNextPage endCursor }
    totalCount
    totalCountError { code service }
    warnings { ${ERROR_FIELDS} }
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
/** The pins of both, oldest first. */
const NAMES = [1, 2, 3, 4].flatMap((n) => [`a${n}`, `b${n}`])

describe('pins of several services', () => {
  it('are merged newest first, for one request each a page', async () => {
    await using setup = await startPair()
    const { api, services } = setup

    const first = await api.query(PAGE, { services: ['a', 'b'], first: 5 })
    expect(first.data.pins).toEqual({
      nodes: ['b4', 'a4', 'b3', 'a3', 'b2'].map(node),
      pageInfo: { hasNextPage: true, endCursor: expect.any(String) },
      totalCount: 8,
      totalCountError: null,
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

  it('come with a warning for the one that is down, and no error', async () => {
    await using setup = await startPair()
    const { api, services } = setup
    await services.b[Symbol.asyncDispose]()

    expect(await api.query(PAGE, { services: ['a', 'b'], first: 10 })).toEqual({
      data: {
        pins: {
          nodes: ['a4', 'a3', 'a2', 'a1'].map(node),
          pageInfo: { hasNextPage: false, endCursor: expect.any(String) },
          totalCount: null,
          totalCountError: { code: 'SERVICE_UNAVAILABLE', service: 'b' },
          warnings: [shownError(unreachable('b'))],
        },
      },
    })
    expect(requestsAt(services.a)).toEqual(['GET /pins'])
  })

  it('come with a warning for one that is not configured, and for one without a token', async () => {
    await using setup = await startPair()
    const { services } = setup
    await using api = startTestApi({
      services: [
        { name: 'a', endpoint: services.a.endpoint },
        { name: 'b', endpoint: services.b.endpoint, token: null },
      ],
    })

    const { data, errors } = await api.query(PAGE, { services: ['a', 'b', 'x'], first: 10 })

    expect(errors).toBeUndefined()
    expect(data.pins.nodes).toEqual(['a4', 'a3', 'a2', 'a1'].map(node))
    expect(data.pins.warnings).toEqual([
      shownError({
        code: 'UNAUTHORIZED',
        message: 'No token for b: expected one in the header "X-Pinning-Token-b"',
        service: 'b',
      }),
      shownError({
        code: 'UNKNOWN_SERVICE',
        message: 'Unknown service "x": expected one of a, b',
        service: 'x',
        known: ['a', 'b'],
      }),
    ])
    expect([requestsAt(services.a), requestsAt(services.b)]).toEqual([['GET /pins'], []])
  })

  it('are an error, and no data, when all are down, as they are for the only one', async () => {
    await using setup = await startPair()
    const { api, services } = setup
    await services.a[Symbol.asyncDispose]()
    await services.b[Symbol.asyncDispose]()

    expect(await api.query(PAGE, { services: ['a'] })).toEqual({
      data: null,
      errors: [thrownError(unreachable('a'), 'pins')],
    })
    // The last one to fail is the one that leaves nothing to show.
    const both = await api.query(PAGE, { services: ['a', 'b'] })
    const answers = ['a', 'b'].map((name) => ({ data: null, errors: [thrownError(unreachable(name), 'pins')] }))
    expect(answers).toContainEqual(both)
  })

  it('are an error when no name is that of a service, and no request is sent', async () => {
    await using setup = await startPair()

    expect(await setup.api.query(PAGE, { services: ['x'] })).toEqual({
      data: null,
      errors: [
        thrownError(
          {
            code: 'UNKNOWN_SERVICE',
            message: 'Unknown service "x": expected one of a, b',
            service: 'x',
            known: ['a', 'b'],
          },
          'pins',
        ),
      ],
    })
    expect([setup.services.a.count(), setup.services.b.count()]).toEqual([0, 0])
  })

  it('lose none when a service that failed comes back between two pages', async () => {
    await using setup = await startPair()
    const { api, services } = setup
    const first = await api.query(PAGE, { services: ['a', 'b'], first: 3 })
    services.b.breakNext(1000)

    const failed = await api.query(PAGE, { services: ['b'], first: 3, after: first.data.pins.pageInfo.endCursor })
    expect(failed.data).toBeNull()
    services.b.breakNext(0)
    const rest = await api.query(PAGE, {
      services: ['a', 'b'],
      first: 10,
      after: first.data.pins.pageInfo.endCursor,
    })

    const seen = [first, rest].flatMap(({ data }) => data.pins.nodes)
    expect(seen).toEqual(NAMES.toReversed().map(node))
    expect(rest.data.pins.warnings).toEqual([])
  })

  it('are asked for once from a service that is named twice', async () => {
    await using setup = await startPair()
    const { api, services } = setup

    const { data } = await api.query(PAGE, { services: ['a', 'a'] })

    expect(data.pins.nodes).toEqual(['a4', 'a3', 'a2', 'a1'].map(node))
    expect(services.a.count()).toBe(1)
  })
})
