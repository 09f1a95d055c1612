import { describe, expect, it } from 'vitest'
import {
  MalformedResponseError,
  PinNotFoundError,
  RateLimitedError,
  UnauthorizedError,
} from '../../../src/domain/errors.ts'
import { Views } from '../../../src/live/watched/views.ts'
import type { ModelOperation } from '../../support/model/model-service.ts'
import { brief, ids, type ModelLive, query, record, startModelLive } from '../../support/model/start-model-live.ts'

const NONSENSE = new MalformedResponseError('nonsense', { service: 'model' })

function refuse({ upstream }: ModelLive, refusal: Error, only?: ModelOperation): void {
  upstream.fate = (operation) => (only === undefined || operation === only ? { refusal } : undefined)
}

describe('a selection that cannot be read', () => {
  it('neither delays nor fails subscriptions to other selections', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const told = record(model.watch('a', ids([upstream.add('a')])))
    await clock.advance(100)
    refuse(model, NONSENSE, 'list')
    const unread = record(model.watch('a', query()))
    await clock.advance(60_000)
    for (const status of ['pinning', 'queued', 'pinning'] as const) {
      upstream.setStatus('a', 'r0', status)
      await clock.advance(2_500)
    }
    expect(told.events.map(brief)).toEqual([
      'snapshot r0 queued',
      'r0 queued to pinning',
      'r0 pinning to queued',
      'r0 queued to pinning',
    ])
    upstream.fate = undefined
    await clock.advance(31_000)
    expect(unread.events.map(brief)).toEqual(['stale:MALFORMED_RESPONSE', 'snapshot r0 pinning', 'resumed'])
  })

  it('does not delay other subscriptions when its request takes long', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const told = record(model.watch('a', ids([upstream.add('a')], true)))
    await clock.advance(100)
    refuse(model, NONSENSE, 'list')
    record(model.watch('a', query()))
    await clock.advance(0)
    upstream.fate = (operation) => (operation === 'list' ? { afterMs: 9_000 } : undefined)
    await clock.advance(3_000)
    upstream.setStatus('a', 'r0', 'pinned')
    await clock.advance(1_500)
    expect(told.end).toBe('done')
  })

  it('ends alone if only its own requests are refused as unauthorized', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const told = record(model.watch('a', ids([upstream.add('a')])))
    await clock.advance(100)
    refuse(model, new UnauthorizedError('no lists', { service: 'model' }), 'list')
    const refused = record(model.watch('a', query()))
    await clock.advance(10_000)
    expect(refused.end).toBeInstanceOf(UnauthorizedError)
    upstream.setStatus('a', 'r0', 'pinning')
    await clock.advance(2_000)
    expect(told.events.map(brief)).toEqual(['snapshot r0 queued', 'r0 queued to pinning'])
    expect(told.end).toBeNull()
  })

  it('that is dropped late does not end a newer subscription with the same filter', () => {
    const views = new Views()
    const old = views.open(query())
    views.drop(old)
    const newer = views.open(query())
    views.drop(old)
    expect([...views]).toEqual([newer])
  })
})

describe('a pin that was taken for gone', () => {
  it('is reported again once the service shows it', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pin = upstream.add('a')
    const told = record(model.watch('a', ids([pin])))
    await clock.advance(100)
    refuse(model, new PinNotFoundError('model', 'r0'))
    await clock.advance(20_000)
    upstream.fate = undefined
    upstream.setStatus('a', 'r0', 'pinned')
    upstream.requests.length = 0
    await clock.advance(130_000)
    expect(told.events.map(brief)).toEqual(['snapshot r0 queued', 'removed r0', 'added r0 pinned'])
    expect(upstream.requests.length).toBeLessThanOrEqual(3)
  })

  it('is requested again for a later subscription', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pin = upstream.add('a')
    record(model.watch('a', ids([pin])))
    await clock.advance(100)
    refuse(model, new PinNotFoundError('model', 'r0'))
    await clock.advance(25_000)
    upstream.fate = undefined
    const late = record(model.watch('a', ids([pin, upstream.add('a')])))
    await clock.advance(1_000)
    expect(late.events.map(brief)).toEqual(['snapshot r0 queued', 'snapshot r1 queued'])
  })

  it('delays no subscription and marks no service as down if reading it by its id fails', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = [upstream.add('a'), upstream.add('a'), upstream.add('a')]
    const told = record(model.watch('a', ids(pins)))
    await clock.advance(100)
    refuse(model, NONSENSE, 'get')
    upstream.remove('a', 'r0')
    await clock.advance(60_000)
    upstream.setStatus('a', 'r1', 'pinning')
    await clock.advance(2_500)
    expect(told.events.slice(3).map(brief)).toEqual(['r1 queued to pinning'])
  })

  it('is looked up less and less if that always fails, and all others are still read now and then', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = [upstream.add('a', { status: 'pinned' }), upstream.add('a', { status: 'pinned' })]
    const told = record(model.watch('a', ids(pins)))
    await clock.advance(100)
    refuse(model, NONSENSE, 'get')
    upstream.remove('a', 'r0')
    const lookupsInAnHour = async (): Promise<number> => {
      upstream.requests.length = 0
      await clock.advance(3_600_000)
      return upstream.requests.filter(({ operation }) => operation === 'get').length
    }
    expect(await lookupsInAnHour()).toBeLessThan(20)
    expect(await lookupsInAnHour()).toBeLessThanOrEqual(6)
    upstream.setStatus('a', 'r1', 'failed')
    await clock.advance(130_000)
    expect(told.events.slice(2).map(brief)).toEqual(['stale:MALFORMED_RESPONSE', 'resumed', 'r1 pinned to failed'])
    upstream.fate = undefined
    await clock.advance(900_000)
    expect(told.events.slice(5).map(brief)).toEqual(['removed r0'])
  })

  it('keeps nobody from other pins if the list that looks for it again always fails', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = [upstream.add('a'), upstream.add('a', { status: 'pinned' })]
    record(model.watch('a', ids(pins)))
    const told = record(model.watch('a', query()))
    await clock.advance(100)
    upstream.remove('a', 'r0')
    await clock.advance(30_000)
    upstream.onList = async ({ cids }) => {
      if (cids?.some(({ key }) => key === pins[0]?.cid.key)) throw NONSENSE
      const all = [...upstream.pins('a').values()]
      return { pins: all, count: all.length }
    }
    upstream.setStatus('a', 'r1', 'failed')
    await clock.advance(300_000)
    expect(told.events.slice(2).map(brief)).toEqual(['removed r0', 'r1 pinned to failed'])
  })
})

describe('a service without budget', () => {
  it('is reported as STALE after 5 s, even if it keeps promising budget soon', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const told = record(model.watch('a', ids([upstream.add('a')])))
    await clock.advance(100)
    refuse(model, new RateLimitedError('model', 2_000))
    const late = record(model.watch('a', query()))
    await clock.advance(10_000)
    expect(told.events.map(brief)).toEqual(['snapshot r0 queued', 'stale:RATE_LIMITED'])
    expect(late.events.map(brief)).toEqual(['stale:RATE_LIMITED'])
  })

  it('is not asked again for at least a second', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    refuse(model, new RateLimitedError('model', 0))
    model.watch('a', query())
    await clock.advance(10_000)
    // Each try is three requests.
    expect(upstream.requests.length).toBeLessThanOrEqual(33)
  })
})

it('after one bad answer the next try comes soon, however rare polls are', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const told = record(model.watch('a', ids([upstream.add('a', { status: 'pinned' })])))
  await clock.advance(100)
  let bad = 1
  upstream.fate = () => (bad-- > 0 ? { refusal: NONSENSE } : undefined)
  await clock.advance(62_000)
  expect(told.events.map(brief)).toEqual(['snapshot r0 pinned', 'stale:MALFORMED_RESPONSE', 'resumed'])
})

describe('a record that is no valid pin', () => {
  it.each([
    ['a lone pin', 1],
    ['one of three', 3],
  ])('is not taken for a removed pin, and its change is told when it is valid again: %s', async (_what, count) => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = Array.from({ length: count }, () => upstream.add('a'))
    const byIds = record(model.watch('a', ids(pins)))
    const byQuery = record(model.watch('a', query()))
    await clock.advance(5_000)

    upstream.odd.add('r0')
    // Long enough for a pin that is missing to be told as removed.
    await clock.advance(300_000)
    const isOfPin = (text: string): boolean => !/stale|resumed|snapshot|caught up/.test(text)
    expect([byIds, byQuery].map(({ events }) => events.map(brief).filter(isOfPin))).toEqual([[], []])
    expect([byIds.end, byQuery.end]).toEqual([null, null])

    upstream.setStatus('a', 'r0', 'pinned')
    upstream.odd.clear()
    await clock.advance(120_000)
    for (const { events } of [byIds, byQuery]) {
      expect(events.map(brief).filter(isOfPin)).toEqual(['r0 queued to pinned'])
    }
  })

  it('does not keep subscribers from the other pins of its list', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    upstream.add('a')
    upstream.add('a')
    upstream.odd.add('r0')
    const told = record(model.watch('a', query()))
    await clock.advance(1_000)
    upstream.setStatus('a', 'r1', 'pinning')
    await clock.advance(10_000)
    expect(told.events.map(brief)).toEqual(['snapshot r1 queued', 'r1 queued to pinning'])
  })
})
