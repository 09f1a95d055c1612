import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ServiceUnavailableError, UnauthorizedError } from '../../../src/domain/errors.ts'
import type { LiveEvent } from '../../../src/live/live-event.ts'
import { brief, ids, query, type Recording, record, startModelLive } from '../../support/model/start-model-live.ts'

const DOWN = new ServiceUnavailableError('down', { service: 'model' })

it('reports a snapshot, then each change, and ends when all pins have settled', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pins = [upstream.add('a'), upstream.add('a')]
  const told = record(model.watch('a', ids(pins, true)))
  await clock.advance(100)
  upstream.setStatus('a', 'r0', 'pinning')
  await clock.advance(1100)
  upstream.setStatus('a', 'r0', 'pinned')
  upstream.setStatus('a', 'r1', 'failed')
  await clock.advance(1100)
  expect(told.events.map(brief)).toEqual([
    'snapshot r0 queued',
    'snapshot r1 queued',
    'r0 queued to pinning',
    'r1 queued to failed',
    'r0 pinning to pinned',
  ])
  expect(told.end).toBe('done')
})

it('asks for a lone pin by its id, and for up to 1,000 pins with one list a cycle', async () => {
  for (const [count, operation] of [
    [1, 'get'],
    [50, 'list'],
    [1000, 'list'],
  ] as const) {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = Array.from({ length: count }, () => upstream.add('a'))
    model.watch('a', ids(pins))
    await clock.advance(500)
    upstream.requests.length = 0
    await clock.advance(10_000)
    expect(new Set(upstream.requests.map((request) => request.operation))).toEqual(new Set([operation]))
    expect(upstream.requests.length).toBe(10)
  }
})

it('sends as many requests for many subscribers as for one, and none after the last has left', async () => {
  const costOf = async (subscribers: number): Promise<[number, number, number]> => {
    await using model = startModelLive()
    const { clock, upstream, live } = model
    const pins = Array.from({ length: 50 }, () => upstream.add('a'))
    const readers = Array.from({ length: subscribers }, () => model.watch('a', ids(pins)))
    await clock.advance(60_000)
    const whileWatched = upstream.requestCount
    for (const reader of readers) await reader.return()
    await clock.advance(120_000)
    return [whileWatched, upstream.requestCount - whileWatched, live.size]
  }
  const one = await costOf(1)
  expect(await costOf(1000)).toEqual(one)
  expect(one.slice(1)).toEqual([0, 0])
  // Kubo asks twice a second for each pin.
  expect(50 * 120).toBeGreaterThanOrEqual(50 * one[0])
})

it('tells changes made through pinql at once, without a poll', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const told = record(model.watch('a', query()))
  await clock.advance(100)
  upstream.requests.length = 0
  const tenant = model.tenant('a')
  const { cid } = upstream.add('b')
  const newPin = { cid, name: null, origins: [], meta: {} }
  const adding = tenant.addPin(newPin, 'key-1')
  await clock.advance(0)
  const added = await adding
  const replacing = tenant.replacePin({ service: 'model', requestId: added.requestId, cid: cid.text }, newPin, 'key-2')
  await clock.advance(0)
  const replacement = await replacing
  const removing = tenant.removePin(replacement.requestId)
  await clock.advance(0)
  await removing
  expect(told.events.map(brief)).toEqual(['caught up', 'added r1 queued', 'replaced r1 by r2', 'removed r2'])
  expect(
    upstream.requests.map(({ operation }) => operation).filter((each) => each === 'list' || each === 'get'),
  ).toEqual([])
})

it('reports pins that other clients add, also if the selection filters by status', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  upstream.add('a', { status: 'pinned', name: 'x' })
  const old = upstream.add('a', { name: 'x' })
  upstream.add('a', { status: 'pinned', name: 'y' })
  const told = record(model.watch('a', query({ name: 'x', statuses: ['pinned'] })))
  await clock.advance(20_000)
  upstream.setStatus('a', old.requestId, 'pinned')
  upstream.add('a', { name: 'x', status: 'pinned' })
  upstream.add('a', { name: 'y', status: 'pinned' })
  await clock.advance(6_000)
  upstream.setStatus('a', old.requestId, 'failed')
  await clock.advance(61_000)
  expect(told.events.map(brief)).toEqual([
    'snapshot r0 pinned',
    'added r3 pinned',
    'added r1 pinned',
    'r1 pinned to failed',
  ])
})

it('reports a pin as removed only after its id was not found twice, 10 s apart', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pins = [upstream.add('a'), upstream.add('a'), upstream.add('a'), upstream.add('a', { status: 'pinned' })]
  const told = record(model.watch('a', ids(pins, true)))
  await clock.advance(100)
  upstream.remove('a', 'r0')
  upstream.requests.length = 0
  const gets = (): number => upstream.requests.filter(({ operation }) => operation === 'get').length
  await clock.advance(9_000)
  expect([gets(), told.events.length]).toEqual([1, 4])
  await clock.advance(6_000)
  expect(gets()).toBe(2)
  expect(told.events.slice(4).map(brief)).toEqual(['removed r0'])
  upstream.setStatus('a', 'r1', 'pinned')
  upstream.remove('a', 'r2')
  await clock.advance(15_000)
  expect(told.events.slice(5).map(brief)).toEqual(['r1 queued to pinned', 'removed r2'])
  expect(told.end).toBe('done')
})

it('reports ids that never existed as removed, and ends', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const gone = upstream.add('b')
  const told = record(model.watch('a', ids([gone], true)))
  await clock.advance(5_000)
  expect(told.events.map(brief)).toEqual(['removed r0'])
  expect(told.end).toBe('done')
  const again = record(model.watch('a', ids([gone], true)))
  await clock.advance(0)
  expect(again.events.map(brief)).toEqual(['removed r0'])
  expect(again.end).toBe('done')
})

it('limits the requests for finding out that all pins are gone', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pins = Array.from({ length: 200 }, () => upstream.add('a'))
  const told = record(model.watch('a', ids(pins, true)))
  await clock.advance(500)
  for (const { requestId } of pins) upstream.remove('a', requestId)
  upstream.requests.length = 0
  await clock.advance(5_000)
  expect(upstream.requests.length).toBeLessThanOrEqual(5 * 32)
  await clock.advance(60_000)
  expect(told.events.filter(({ kind }) => kind === 'REMOVED').length).toBe(200)
  expect(told.end).toBe('done')
})

it('reports once that a service is down, polls ever more rarely, and reports when it is back', async () => {
  await using model = startModelLive({ random: () => 1 })
  const { clock, upstream } = model
  const pins = [upstream.add('a')]
  const told = record(model.watch('a', ids(pins)))
  await clock.advance(100)
  upstream.fate = () => ({ refusal: DOWN })
  await clock.advance(120_000)
  const late = record(model.watch('a', ids([upstream.add('a')])))
  await clock.advance(0)
  upstream.fate = undefined
  upstream.setStatus('a', 'r0', 'pinned')
  await clock.advance(61_000)
  expect(told.events.map(brief)).toEqual([
    'snapshot r0 queued',
    'stale:SERVICE_UNAVAILABLE',
    // The late one's first read waits for the service, and is answered before the next poll.
    'resumed',
    'r0 queued to pinned',
  ])
  expect(late.events.map(brief)).toEqual(['stale:SERVICE_UNAVAILABLE', 'snapshot r1 queued', 'resumed'])
})

it('ends all subscriptions of a tenant, and no others, when its token is refused twice', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const mine = [record(model.watch('a', ids([upstream.add('a')]))), record(model.watch('a', query()))]
  const others = record(model.watch('b', ids([upstream.add('b')])))
  await clock.advance(500)
  upstream.revoked.add('a')
  await clock.advance(5_000)
  expect(mine.map(({ end }) => end)).toEqual([expect.any(UnauthorizedError), expect.any(UnauthorizedError)])
  expect(mine[0]?.events.map(brief)).toEqual(['snapshot r0 queued'])
  expect(others.end).toBe(null)
  const requests = upstream.requests.filter(({ token }) => token === 'a').length
  await clock.advance(60_000)
  expect(upstream.requests.filter(({ token }) => token === 'a').length).toBe(requests)
})

it('goes on after a single refusal of a token', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const told = record(model.watch('a', ids([upstream.add('a')])))
  await clock.advance(500)
  let refusals = 1
  upstream.fate = () => (refusals-- > 0 ? { refusal: new UnauthorizedError('no', { service: 'model' }) } : undefined)
  await clock.advance(5_000)
  expect(told.events.map(brief)).toEqual(['snapshot r0 queued'])
  expect(told.end).toBe(null)
})

it('does not read more pages for a pin that has been stuck for long', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const stuck = upstream.add('a', { name: 'stuck' })
  for (let n = 0; n < 5_000; n++) upstream.add('a', { status: 'pinned' })
  await clock.advance(60_000)
  const young = Array.from({ length: 30 }, () => upstream.add('a'))
  model.watch('a', ids([stuck, ...young]))
  await clock.advance(3_000)
  upstream.requests.length = 0
  await clock.advance(10_000)
  // One list of the unfinished pins a second, instead of 6 pages.
  expect(upstream.requests.length).toBe(10)
})

it('polls a pin that never changes only now and then', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  model.watch('a', ids([upstream.add('a')]))
  await clock.advance(2 * 3_600_000)
  upstream.requests.length = 0
  await clock.advance(3_600_000)
  expect(upstream.requests.length).toBeLessThanOrEqual(61)
})

it('keeps only watched pins in memory', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  for (let n = 0; n < 500; n++) upstream.add('a', { name: n < 5 ? 'x' : 'y' })
  model.watch('a', query({ name: 'x' }))
  model.watch('a', ids([...upstream.pins('a').values()].slice(0, 7)))
  await clock.advance(10_000)
  expect(model.live.pins).toBe(7)
})

it('polls exactly while there are subscribers, in whatever order they leave, and never for two tenants in one request', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(5)), { maxLength: 14 }), async (steps) => {
      await using model = startModelLive()
      const { clock, upstream, live } = model
      for (const token of ['a', 'b']) for (let n = 0; n < 3; n++) upstream.add(token)
      const open = new Map<string, { token: string; told: Recording; leave: () => Promise<unknown> }>()
      const left: Recording[] = []
      for (const [index, [token, slot]] of steps.entries()) {
        const key = `${token}${slot}`
        const known = open.get(key)
        if (known) {
          await known.leave()
          left.push(known.told)
        } else {
          const selection = slot % 2 ? query() : ids(upstream.pins(token).values())
          const reader = model.watch(token, selection)
          open.set(key, { token, told: record(reader), leave: () => reader.return() })
        }
        if (known) open.delete(key)
        await clock.advance(500)
        upstream.requests.length = 0
        const status = index % 2 ? 'queued' : 'pinning'
        const changed = { a: upstream.setStatus('a', 'r0', status), b: upstream.setStatus('b', 'r3', status) }
        const toldThoseWhoLeft = left.map(({ events }) => events.length)
        await clock.advance(3_000)
        const listening = new Set([...open.values()].map((each) => each.token))
        expect(new Set(upstream.requests.map((request) => request.token))).toEqual(listening)
        for (const { token, told } of open.values()) {
          const news = brief(told.events.at(-1) as LiveEvent)
          expect(news).toContain(` to ${changed[token as 'a' | 'b'].status}`)
        }
        expect(left.map(({ events }) => events.length)).toEqual(toldThoseWhoLeft)
      }
      for (const { leave } of open.values()) await leave()
      await clock.advance(31_000)
      expect([live.size, live.pins]).toEqual([0, 0])
    }),
    { numRuns: 15 },
  )
})
