import { describe, expect, it } from 'vitest'
import { idOf, requestsAt, second, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { SECOND, utcText } from '../../support/providers/created-text.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import type { ProviderProfile } from '../../support/providers/provider-profile.ts'
import { ALICE } from '../../support/start-test-api.ts'

const PAGE = `query ($first: Int, $after: Cursor, $count: Boolean = false) {
  pins(first: $first, after: $after) {
    nodes { requestId }
    pageInfo { hasNextPage endCursor }
    totalCount @include(if: $count)
  }
}`

/** Keeps whole seconds and lets pins share them. */
const wholeSeconds: ProviderProfile = {
  ...compliant,
  created: { unit: SECOND, unique: false, text: utcText(0), postText: null },
}

describe('pins', () => {
  it('returns all fields of a pin with one request', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const origin = '/ip4/203.0.113.7/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
    const [pin] = service.seed(ALICE, [
      {
        requestId: 'r1',
        cid: exampleCid(1),
        name: 'one',
        status: 'pinning',
        created: '2026-01-31T12:00:00.123Z',
        origins: [origin],
        meta: { app: 'blog' },
        info: {
          blocks_fetched: '3',
          blocks_total: '12',
          status_details: 'Fetching',
          dag_size: '4096',
          pinned_until: '2027-01-31T12:00:00+01:00',
        },
      },
    ])

    const answer = await api.query(`{
      pins {
        edges {
          cursor
          node {
            id requestId service { id name } status cid name createdAt origins meta delegates info size expiresAt
            progress { blocks totalBlocks bytes totalBytes percent } failureReason content { cid }
          }
        }
        nodes { id }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
        totalCountError { code }
        warnings { code message }
      }
    }`)

    const cursor = Buffer.from('2026-01-31T12:00:00.123Z|one|r1').toString('base64url')
    expect(answer).toEqual({
      data: {
        pins: {
          edges: [
            {
              cursor,
              node: {
                id: pin && idOf(pin),
                requestId: 'r1',
                service: { id: Buffer.from('Service:one').toString('base64url'), name: 'one' },
                status: 'PINNING',
                cid: exampleCid(1),
                name: 'one',
                createdAt: '2026-01-31T12:00:00.123Z',
                origins: [origin],
                meta: { app: 'blog' },
                delegates: ['/ip4/203.0.113.1/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'],
                info: pin?.info,
                size: 4096,
                expiresAt: '2027-01-31T12:00:00+01:00',
                progress: { blocks: 3, totalBlocks: 12, bytes: null, totalBytes: 4096, percent: 25 },
                failureReason: null,
                content: { cid: exampleCid(1) },
              },
            },
          ],
          nodes: [{ id: pin && idOf(pin) }],
          pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: cursor, endCursor: cursor },
          totalCount: 1,
          totalCountError: null,
          warnings: [],
        },
      },
    })
    expect(service.requests.map(({ method, path, query }) => [method, path, Object.fromEntries(query)])).toEqual([
      ['GET', '/pins', { status: 'queued,pinning,pinned,failed', limit: '11' }],
    ])
  })

  it('costs one request a page, with or without more pages behind it', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const stored = seedPins(service, 25).map(({ requestId }) => requestId)
    const pages: unknown[] = []

    let after: string | null = null
    for (let page = 0; page < 3; page++) {
      const { data } = await api.query(PAGE, { first: 10, after })
      pages.push(data.pins)
      after = data.pins.pageInfo.endCursor
    }

    const page = (start: number, end: number) => ({
      nodes: stored.slice(start, end).map((requestId) => ({ requestId })),
      pageInfo: { hasNextPage: end < 25, endCursor: expect.any(String) },
    })
    expect(pages).toEqual([page(0, 10), page(10, 20), page(20, 25)])
    expect(requestsAt(service)).toEqual(['GET /pins', 'GET /pins', 'GET /pins'])
  })

  it.each([1, 9, 10, 11, 998])('costs one request for a page of %i', async (first) => {
    await using setup = await startSetup()
    const { service, api } = setup
    const stored = seedPins(service, 1000)

    const { data } = await api.query(PAGE, { first })

    expect(data.pins.nodes).toEqual(stored.slice(0, first).map(({ requestId }) => ({ requestId })))
    expect(data.pins.pageInfo.hasNextPage).toBe(true)
    expect(service.count()).toBe(1)
  })

  it('shows progress only if it is a number of blocks', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const info = { blocks: '12.5', total_blocks: '3000000000' }
    service.seed(ALICE, [{ cid: exampleCid(1), status: 'pinning', info }])
    const { data, errors } = await api.query('{ pins { nodes { info progress { blocks totalBlocks } } } }')
    expect(errors).toBeUndefined()
    expect(data.pins.nodes).toEqual([{ info, progress: { blocks: null, totalBlocks: null } }])
  })

  it('shows an empty account as an empty page', async () => {
    // A stranger's empty list might only mean that it does not understand several statuses, and is asked about again.
    await using setup = await startSetup({ provider: 'pinql' })

    expect(await setup.api.query(PAGE, { count: true })).toEqual({
      data: {
        pins: {
          nodes: [],
          pageInfo: { hasNextPage: false, endCursor: null },
          totalCount: 0,
        },
      },
    })
    expect(setup.service.count()).toBe(1)
  })

  it.each([1, 2, 3, 5])('keeps pins of one second apart at the edges of pages of %i', async (first) => {
    await using setup = await startSetup({ profile: wholeSeconds })
    const { service, api } = setup
    const pins = Array.from({ length: 12 }, (_, n) => ({ cid: exampleCid(n), created: second(Math.floor(n / 4)) }))
    const stored = service.seed(ALICE, pins)

    const seen: string[] = []
    let page = (await api.query(PAGE, { first })).data.pins
    while (page.pageInfo.hasNextPage) {
      expect(page.nodes).toHaveLength(first)
      seen.push(...page.nodes.map((node: { requestId: string }) => node.requestId))
      page = (await api.query(PAGE, { first, after: page.pageInfo.endCursor })).data.pins
    }
    seen.push(...page.nodes.map((node: { requestId: string }) => node.requestId))

    // Newest first; of one second, by request id.
    const expected = [8, 4, 0].flatMap((start) =>
      stored
        .slice(start, start + 4)
        .map(({ requestId }) => requestId)
        .sort(),
    )
    expect(seen).toEqual(expected)
  })

  it('sends no request per element of a list, and one request for a field that all elements share', async () => {
    await using setup = await startSetup({ provider: 'pinql' })
    const { service, api } = setup
    seedPins(service, 100)

    const { data } = await api.query(`{
      pins(first: 100) {
        nodes {
          id requestId status cid name createdAt origins meta delegates info progress { percent } failureReason
          service { id name endpoint health { state } budget { remaining } pinCounts { pinned } }
          content { cid }
        }
      }
    }`)

    expect(data.pins.nodes.map((pin: { service: object }) => pin.service)).toEqual(
      Array(100).fill(expect.objectContaining({ name: 'one', pinCounts: { pinned: 100 } })),
    )
    // The page, and the four counts of the service that all of its pins have.
    expect(service.count()).toBe(5)
  })

  it('belong to the named service, whether it is named alone or in a list', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    seedPins(services.one, 1)
    seedPins(services.two, 2)

    const page = { nodes: [2, 1].map((n) => ({ name: `pin ${n}`, service: { name: 'two' } })) }
    expect(await api.query('{ pins(services: "two") { nodes { name service { name } } } }')).toEqual({
      data: { pins: page },
    })
    expect(
      await api.query(
        'query ($services: [String!]) { pins(services: $services) { nodes { name service { name } } } }',
        {
          services: ['two'],
        },
      ),
    ).toEqual({ data: { pins: page } })
    expect([requestsAt(services.one), requestsAt(services.two)]).toEqual([[], ['GET /pins', 'GET /pins']])
  })

  it('sends no request if only __typename is selected', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } })
    expect(setup.service.count()).toBe(0)
  })
})
