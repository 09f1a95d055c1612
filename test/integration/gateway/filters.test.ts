import { describe, expect, it } from 'vitest'
import { second, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { exampleCid, exampleCidV0 } from '../../support/providers/example-cid.ts'
import { limitTo, listing, newestFirst } from '../../support/providers/list-steps.ts'
import { ALICE } from '../../support/start-test-api.ts'

const PINS = `query ($filter: PinFilter) {
  pins(filter: $filter, first: 100) { nodes { name } totalCount }
}`

const time = (n: number) => new Date(Number(second(n) / 1_000_000n)).toISOString().replace('.000Z', 'Z')
const SEEDS = [
  { cid: exampleCid(1), name: 'Blog', status: 'pinned', meta: { app: 'blog', env: 'prod' } },
  { cid: exampleCid(2), name: 'blog', status: 'pinning', meta: { app: 'blog', env: 'test' } },
  { cid: exampleCid(3), name: 'My Blog 1', status: 'queued', meta: { app: 'shop' } },
  { cid: exampleCid(4), name: 'my blog 2', status: 'failed' },
  { cid: exampleCidV0(1), name: 'zebra', status: 'pinned' },
] as const

type Case = [what: string, filter: object, names: string[], sent: Record<string, string>]

const CASES: Case[] = [
  ['nothing', {}, ['zebra', 'my blog 2', 'My Blog 1', 'blog', 'Blog'], {}],
  ['a name', { name: 'blog' }, ['blog'], { name: 'blog' }],
  ['a name in any case', { name: 'BLOG', match: 'IEXACT' }, ['blog', 'Blog'], { name: 'BLOG', match: 'iexact' }],
  ['a part of a name', { name: 'Blog', match: 'PARTIAL' }, ['My Blog 1', 'Blog'], { name: 'Blog', match: 'partial' }],
  [
    'a part of a name in any case',
    { name: 'y bLOG', match: 'IPARTIAL' },
    ['my blog 2', 'My Blog 1'],
    { name: 'y bLOG', match: 'ipartial' },
  ],
  ['a status', { status: ['FAILED'] }, ['my blog 2'], { status: 'failed' }],
  ['statuses', { status: ['QUEUED', 'PINNING', 'QUEUED'] }, ['My Blog 1', 'blog'], { status: 'queued,pinning' }],
  ['meta', { meta: { app: 'blog' } }, ['blog', 'Blog'], { meta: '{"app":"blog"}' }],
  ['all of meta', { meta: { env: 'prod', app: 'blog' } }, ['Blog'], { meta: '{"env":"prod","app":"blog"}' }],
  ['a time before', { createdBefore: time(3) }, ['blog', 'Blog'], { before: time(3) }],
  ['a time after', { createdAfter: time(4) }, ['zebra'], { after: time(4) }],
  ['a CID, in any version', { cid: [exampleCid(1)] }, ['zebra', 'Blog'], { cid: exampleCid(1) }],
  [
    'all of it',
    {
      cid: [exampleCid(1), exampleCid(2)],
      name: 'blog',
      match: 'IEXACT',
      status: ['PINNED'],
      meta: { app: 'blog' },
      createdBefore: time(5),
      createdAfter: time(0),
    },
    ['Blog'],
    {
      cid: `${exampleCid(1)},${exampleCid(2)}`,
      name: 'blog',
      match: 'iexact',
      status: 'pinned',
      meta: '{"app":"blog"}',
      before: time(5),
      after: time(0),
    },
  ],
]

const seeds = SEEDS.map((seed, index) => ({ ...seed, created: second(index + 1) }))

describe('the filter of pins', () => {
  it.each(CASES)('finds by %s', async (_what, filter, names, sent) => {
    await using setup = await startSetup()
    const { service, api } = setup
    service.seed(ALICE, seeds)

    expect(await api.query(PINS, { filter })).toEqual({
      data: { pins: { nodes: names.map((name) => ({ name })), totalCount: names.length } },
    })
    const requests = service.requests.map(({ query }) => Object.fromEntries(query))
    expect(requests[0]).toEqual({ status: 'queued,pinning,pinned,failed', limit: '101', ...sent })
    // The status filter of an unknown service is checked.
    if (!('status' in filter)) expect(requests).toHaveLength(1)
  })

  it.each(CASES)('sends one request for %s to a service that is known', async (_what, filter, names) => {
    await using setup = await startSetup({ provider: 'pinql' })
    const { service, api } = setup
    service.seed(ALICE, seeds)

    expect(await api.query(PINS, { filter })).toMatchObject({
      data: { pins: { nodes: names.map((name) => ({ name })) } },
    })
    expect(service.requests).toHaveLength(1)
  })

  it.each(CASES)('is applied even if the service ignores it (%s)', async (_what, filter, names) => {
    const blind = { ...compliant, list: listing(newestFirst, limitTo(10)) }
    await using setup = await startSetup({ profile: blind })
    const { service, api } = setup
    service.seed(ALICE, seeds)

    const { data } = await api.query(PINS, { filter })

    expect(data.pins.nodes).toEqual(names.map((name) => ({ name })))
  })

  it.each([{ cid: [] }, { status: [] }])(
    'matches nothing and sends no request if its list is empty (%j)',
    async (filter) => {
      await using setup = await startSetup()

      expect(await setup.api.query(PINS, { filter })).toEqual({
        data: { pins: { nodes: [], totalCount: 0 } },
      })
      expect(setup.service.count()).toBe(0)
    },
  )

  it('takes 100 CIDs, in requests of ten', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const cid = Array.from({ length: 100 }, (_, n) => exampleCid(n))
    service.seed(
      ALICE,
      cid.map((each, n) => ({ cid: each, name: `${n}`, created: second(n) })),
    )

    const { data } = await api.query(PINS, { filter: { cid } })

    expect(data.pins).toEqual({
      nodes: cid.map((_, n) => ({ name: `${99 - n}` })),
      totalCount: 100,
    })
    expect(service.count()).toBe(10)
  })
})
