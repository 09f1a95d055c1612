import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../../src/domain/pin.ts'
import type { ListQuery } from '../../../../src/upstream/http/list-query.ts'
import { LearnedCapabilities, type Lesson } from '../../../../src/upstream/learning/learned-capabilities.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../../../../src/upstream/providers/capabilities.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'

const ALL: ListQuery = { statuses: PIN_STATUSES, limit: 100 }

function pin(change: Partial<Pin> = {}): Pin {
  const { requestId = 'r1', cid = parseCid(exampleCid(1)), created = parseInstant('2026-01-31T12:00:00Z') } = change
  const base = { service: 'one', status: 'pinned', name: null, origins: [], meta: {}, delegates: [], info: {} } as const
  return { ...base, ...change, requestId, cid, created }
}

/** Pins created so many seconds past the minute, in this order. */
const pinsAt = (...seconds: number[]): Pin[] =>
  seconds.map((second) =>
    pin({ requestId: `r${second}`, created: parseInstant(`2026-01-31T12:00:${String(second).padStart(2, '0')}Z`) }),
  )

function learn(initial: Partial<Capabilities> = {}) {
  const told: Lesson[] = []
  const known = new LearnedCapabilities({ ...SPECIFIED_CAPABILITIES, ...initial }, (lesson) => told.push(lesson))
  const see = (query: Partial<ListQuery>, pins: readonly Pin[], count: number | null = null) =>
    known.observePage({ ...ALL, ...query }, { count, pins })
  return { known, told, see }
}

describe('what a list shows', () => {
  it('proves an order by ten instants in a row, and nothing by fewer', () => {
    const { known, told, see } = learn()
    see({}, pinsAt(9, 8, 7, 6, 5, 4, 3, 2, 1))
    expect(known.current.order).toBeNull()
    see({}, pinsAt(10, 9, 8, 7, 6, 5, 4, 3, 2, 1))
    expect(known.current.order).toBe('newest-first')
    expect(told).toEqual([])
  })

  it('proves disorder by one pair, of a known provider too, and once', () => {
    const { known, told, see } = learn({ order: 'newest-first' })
    see({}, pinsAt(1, 2, 3))
    see({}, pinsAt(1, 2, 3))
    expect(known.current.order).toBe('oldest-first')
    see({}, pinsAt(2, 1, 3))
    see({}, pinsAt(3, 1, 2))
    expect(known.current.order).toBe('none')
    expect(told).toEqual([
      { capability: 'order', proof: 'a list came oldest first' },
      { capability: 'order', proof: 'a list came unsorted' },
    ])
    expect(known.lessons).toEqual(told)
  })

  it('gives the longest fraction as precision, since zeros may be trimmed', () => {
    const { known, see } = learn()
    for (const created of ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.12Z', '2026-01-31T12:00:00.1Z']) {
      see({}, [pin({ created: parseInstant(created) })])
    }
    expect(known.current.createdDigits).toBe(2)
  })

  it.each([
    [{ before: '2026-01-31T12:00:05Z' }, 4, 'exact'],
    [{ before: '2026-01-31T12:00:05Z' }, 5, 'loose'],
    [{ before: '2026-01-31T12:00:05Z' }, 6, 'loose'],
    [{ before: '2026-01-31T12:00:05Z' }, 7, 'unusable'],
    [{ after: '2026-01-31T12:00:05Z' }, 6, 'exact'],
    [{ after: '2026-01-31T12:00:05Z' }, 5, 'loose'],
    [{ after: '2026-01-31T12:00:05Z' }, 4, 'exact', false],
    [{ after: '2026-01-31T12:00:05.5Z' }, 5, 'loose'],
    [{ after: '2026-01-31T12:00:05.5Z' }, 4, 'exact', false],
  ] as const)(
    'tells how far %j is looked at by a pin of second %i: %s',
    (query, second, trust, honoursAfter: boolean = true) => {
      const { known, see } = learn()
      see(query, pinsAt(second))
      expect(known.current).toMatchObject({ timeFilter: trust, honoursAfter })
    },
  )

  it.each([
    ['cidFilter', { cids: [parseCid(exampleCid(2))] }],
    ['statusFilter', { statuses: ['failed'] }],
    ['metaFilter', { meta: { app: 'blog' } }],
  ] as const)('lowers the trust in %s by a pin that does not match, once', (capability, query) => {
    const { known, told, see } = learn()
    see(query, [pin()])
    see(query, [pin()])
    expect(known.current[capability]).toBe('loose')
    expect(told.map((lesson) => lesson.capability)).toEqual([capability])
  })

  it('lowers the trust in one match of names only, and in none where names are made up', () => {
    const { known, see } = learn()
    see({ name: 'x', match: 'ipartial' }, [pin({ name: 'y' })])
    expect(known.current.nameFilter).toEqual({ ...SPECIFIED_CAPABILITIES.nameFilter, ipartial: 'loose' })

    const named = learn({ namesPinsByCid: true })
    named.see({ name: 'baf', match: 'partial' }, [pin()])
    expect(named.told).toEqual([])
  })

  it('shows by a pin that several statuses work', () => {
    const { known, see } = learn()
    see({}, [])
    see({ statuses: ['pinned'] }, [pin()])
    expect(known.current.multiStatus).toBeNull()
    // The first, the default, one that was not asked for.
    see({}, [pin({ status: 'queued' })])
    see({}, [pin()])
    see({ statuses: ['queued', 'failed', 'pinning'] }, [pin({ status: 'failed' }), pin()])
    expect(known.current.multiStatus).toBeNull()
    see({}, [pin({ status: 'pinning' })])
    expect(known.current.multiStatus).toBe(true)
  })
})

describe('what other answers show', () => {
  it('takes 404 for an empty list once a list was answered', () => {
    const { known, told, see } = learn()
    expect(known.observeListNotFound()).toBe(false)
    see({}, [])
    expect([known.observeListNotFound(), known.observeListNotFound()]).toEqual([true, true])
    expect(told).toHaveLength(1)
    expect(learn({ emptyListIs404: true }).known.observeListNotFound()).toBe(true)
  })

  it('finds out that names are made up, by an add without one', () => {
    const { known, told } = learn()
    const asked = pin()
    known.observeAdded(asked, pin({ name: 'mine' }))
    known.observeAdded({ ...asked, name: exampleCid(1) }, pin({ name: exampleCid(1) }))
    expect(told).toEqual([])
    known.observeAdded(asked, pin({ name: exampleCid(1) }))
    expect(known.current.namesPinsByCid).toBe(true)
  })

  it.each([
    ['replace', (known: LearnedCapabilities) => known.observeIgnoredCid()],
    ['statusFilter', (known: LearnedCapabilities) => known.observeLateStatusFilter()],
    ['multiStatus', (known: LearnedCapabilities) => known.observeMultiStatus(false)],
    ['timeDigits', (known: LearnedCapabilities) => known.observeRoundedTime()],
    ['keepsMeta', (known: LearnedCapabilities) => known.observeLostMeta()],
  ] as const)('reports a lesson about %s once, though two concurrent calls find it out', (capability, observe) => {
    const { known, told } = learn()
    observe(known)
    const { current } = known
    observe(known)
    expect(known.current).toBe(current)
    expect(told.map((lesson) => lesson.capability)).toEqual([capability])
    expect(known.lessons).toEqual(told)
  })

  it('believes a wrong count less, one step at a time', () => {
    const { known, told } = learn({ count: 'matching' })
    known.observeWrongCount({ statuses: ['pinned'] })
    expect(known.current.count).toBe('everything')
    known.observeWrongCount({ statuses: ['pinned'] })
    known.observeWrongCount({ statuses: ['pinned'] })
    expect(known.current.count).toBe('unreliable')
    expect(told).toHaveLength(2)
  })

  it('believes a count that was right only where it was not known', () => {
    const stranger = learn()
    stranger.known.observeRightCount()
    expect(stranger.known.current.count).toBe('total')
    const known = learn({ count: 'unreliable' })
    known.known.observeRightCount()
    expect(known.known.current.count).toBe('unreliable')
  })
})
