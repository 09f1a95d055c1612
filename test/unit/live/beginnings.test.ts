import { expect, it } from 'vitest'
import { BadRequestError } from '../../../src/domain/errors.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import { brief, ids, query, record, startModelLive } from '../../support/model/start-model-live.ts'

it('serves subscribers that return within half a minute from memory, and then polls at once', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pins = [upstream.add('a'), upstream.add('a')]
  await model.watch('a', ids(pins)).return()
  await clock.advance(5_000)
  upstream.setStatus('a', 'r1', 'pinned')
  const before = upstream.requestCount
  await clock.advance(24_000)
  expect(upstream.requestCount).toBe(before)
  const told = record(model.watch('a', ids(pins)))
  await clock.advance(1)
  expect(told.events.map(brief)).toEqual(['snapshot r0 queued', 'snapshot r1 queued', 'r1 queued to pinned'])
  expect(upstream.requestCount).toBe(before + 1)
})

it('goes on after a cursor, and begins with a snapshot if the cursor is unknown', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pins = [upstream.add('a'), upstream.add('a')]
  const first = model.watch('a', ids(pins))
  const told = record(first)
  await clock.advance(100)
  await first.return()
  const [begun, whole] = told.events.map(({ cursor }) => cursor)
  upstream.setStatus('a', 'r0', 'pinned')
  const onward = record(model.watch('a', ids(pins), { after: whole }))
  const again = record(model.watch('a', ids(pins), { after: begun }))
  const foreign = record(model.watch('b', ids([upstream.add('b')]), { after: whole }))
  await clock.advance(2_000)
  expect(onward.events.map(brief)).toEqual(['caught up', 'r0 queued to pinned'])
  expect(again.events.map(brief)).toEqual(['resync r0 queued', 'resync r1 queued', 'r0 queued to pinned'])
  expect(foreign.events.map(brief)).toEqual(['resync r2 queued'])
  expect(() => model.watch('a', ids(pins), { after: 'nonsense' })).toThrow('the cursor of an earlier event')
})

it('rejects the cursor of another selection, whose events are about other pins', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pins = [upstream.add('a'), upstream.add('a')]
  const told = record(model.watch('a', ids(pins)))
  await clock.advance(100)
  for (const { cursor } of told.events) {
    for (const other of [ids(pins.slice(1)), query(), query({ name: 'x' })]) {
      expect(() => model.watch('a', other, { after: cursor })).toThrow(BadRequestError)
    }
    // However it ends, and in whatever order they are named, it is the same that is told.
    expect(() => model.watch('a', ids(pins.toReversed(), true), { after: cursor })).not.toThrow()
  }
})

it('follows the replacement of a pin until that has settled', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pins = [upstream.add('a')]
  const watching = record(model.watch('a', ids(pins, true)))
  await clock.advance(100)
  const tenant = model.tenant('a')
  const replace = async (key: string, old: Pin): Promise<Pin> => {
    const replacing = tenant.replacePin(
      { service: 'model', requestId: old.requestId, cid: old.cid.text },
      { cid: old.cid, name: key, origins: [], meta: {} },
      key,
    )
    await clock.advance(0)
    return replacing
  }
  const second = await replace('key-1', pins[0] as Pin)
  const third = await replace('key-2', second)
  const late = record(model.watch('a', ids(pins, true)))
  await clock.advance(100)
  expect([watching.end, late.end]).toEqual([null, null])
  upstream.setStatus('a', third.requestId, 'pinned')
  await clock.advance(2_000)
  expect(watching.events.map(brief)).toEqual([
    'snapshot r0 queued',
    'replaced r0 by r1',
    'replaced r1 by r2',
    'r2 queued to pinned',
  ])
  expect(late.events.map(brief)).toEqual(['replaced r0 by r2', 'r2 queued to pinned'])
  expect([watching.end, late.end]).toEqual(['done', 'done'])
  // Half a minute after the last has left, nobody knows of the replacement.
  await clock.advance(40_000)
  const later = record(model.watch('a', ids(pins, true), { after: watching.events[1]?.cursor }))
  await clock.advance(2_000)
  expect(later.events.map(brief)).toEqual(['caught up, resync', 'removed r0'])
})

it('begins with the answer to a change made a moment ago, without an upstream request', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const { cid } = upstream.add('b')
  const adding = model.tenant('a').addPin({ cid, name: null, origins: [], meta: {} }, 'key')
  await clock.advance(0)
  const pin = await adding
  upstream.requests.length = 0
  const told = record(model.watch('a', ids([pin])))
  await clock.advance(100)
  expect(told.events.map(brief)).toEqual(['snapshot r1 queued'])
  expect(upstream.requests).toEqual([])
  await clock.advance(1_000)
  expect(upstream.requests.map(({ operation }) => operation)).toEqual(['get'])
})

it('reports that no pin matches a selection, instead of staying silent', async () => {
  await using model = startModelLive()
  const told = record(model.watch('a', query({ name: 'x' })))
  await model.clock.advance(100)
  expect(told.events.map(brief)).toEqual(['caught up'])
  const again = record(model.watch('a', query({ name: 'x' }), { after: told.events[0]?.cursor }))
  const lost = record(model.watch('b', query({ name: 'x' }), { after: told.events[0]?.cursor }))
  await model.clock.advance(100)
  expect([again.events.map(brief), lost.events.map(brief)]).toEqual([['caught up'], ['caught up, resync']])
})
