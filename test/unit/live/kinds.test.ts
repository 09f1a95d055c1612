import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../src/domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../../src/domain/pin.ts'
import { coalesceKey, DEFAULT_KINDS, type LiveEvent } from '../../../src/live/live-event.ts'
import type { Selection } from '../../../src/live/selection.ts'
import { cidOf } from '../../support/model/model-service.ts'
import { brief, ids, type ModelLive, query, record, startModelLive } from '../../support/model/start-model-live.ts'

const kinds = fc.subarray([...DEFAULT_KINDS], { minLength: 1 })
const step = fc.record({
  what: fc.constantFrom(
    'status',
    'status',
    'status',
    'add',
    'remove',
    'add here',
    'replace here',
    'remove here',
    'down',
    'up',
  ),
  which: fc.nat(5),
  status: fc.constantFrom(...PIN_STATUSES),
  waitMs: fc.constantFrom(0, 1, 700, 3_000, 12_000),
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const SELECTIONS: readonly ((pins: readonly Pin[]) => Selection)[] = [
  () => query(),
  () => query({ statuses: ['pinned', 'failed'] }),
  (pins) => ids(pins.slice(1)),
]

/** One thing happens, at the service or through pinql, and then some time passes. */
async function move(model: ModelLive, { what, which, status, waitMs }: Step): Promise<void> {
  const { clock, upstream } = model
  const pins = [...upstream.pins('a').values()]
  const pin = pins[which % Math.max(1, pins.length)]
  const tenant = model.tenant('a')
  const newPin = { cid: cidOf(which), name: null, origins: [], meta: {} }
  if (what === 'add') upstream.add('a')
  else if (what === 'add here') write(tenant.addPin(newPin, `key ${clock.now()}`))
  else if (what === 'down') upstream.fate = () => ({ refusal: new ServiceUnavailableError('', { service: 'model' }) })
  else if (what === 'up') upstream.fate = undefined
  else if (!pin) return
  else if (what === 'status') upstream.setStatus('a', pin.requestId, status)
  else if (what === 'remove') upstream.remove('a', pin.requestId)
  else if (what === 'remove here') write(tenant.removePin(pin.requestId))
  else {
    const ref = { service: 'model', requestId: pin.requestId, cid: pin.cid.text }
    write(tenant.replacePin(ref, newPin, `key ${clock.now()}`))
  }
  await clock.advance(waitMs)
}

/** Its outcome is of no interest: whatever it did shows in the pins. */
function write(change: Promise<unknown>): void {
  change.catch(() => {})
}

/** Coalesces events that all arrive at once: keeps the last event of each key, in order of arrival. */
function coalesced(events: readonly LiveEvent[]): LiveEvent[] {
  const last = new Map<string, LiveEvent>()
  for (const event of events) {
    last.delete(coalesceKey(event))
    last.set(coalesceKey(event), event)
  }
  return [...last.values()]
}

describe('a subscription that names kinds', () => {
  it('gets the same events of these kinds as all others, and may go on after any event with other kinds', async () => {
    const history = fc.record({
      selection: fc.constantFrom(...SELECTIONS),
      named: kinds,
      later: kinds,
      steps: fc.array(step, { minLength: 3, maxLength: 25 }),
    })
    await fc.assert(
      fc.asyncProperty(history, async ({ selection: select, named, later, steps }) => {
        await using model = startModelLive()
        const { clock, upstream } = model
        const selection = select([upstream.add('a'), upstream.add('a'), upstream.add('a', { status: 'pinned' })])
        const all = record(model.watch('a', selection))
        const some = record(model.watch('a', selection, { kinds: new Set(named) }))
        await clock.advance(100)
        const begun = all.events.length
        const lastOfSnapshot = all.events.findLast(({ kind }) => named.includes(kind))
        for (const each of steps) await move(model, each)
        // Changes that are under way come to their end.
        upstream.fate = undefined
        await clock.advance(60_000)

        const expected = all.events.filter(({ kind }) => named.includes(kind))
        const atEnd = (event: LiveEvent) => event === lastOfSnapshot && { cursor: all.events[begun - 1]?.cursor }
        expect(some.events).toEqual(expected.map((event) => ({ ...event, ...atEnd(event) })))

        for (const event of some.events) {
          const index = all.events.findIndex(({ cursor }) => cursor === event.cursor)
          // Within a snapshot, there is nowhere to begin again.
          if (index < begun - 1) continue
          const back = record(model.watch('a', selection, { after: event.cursor, kinds: new Set(later) }))
          await clock.advance(0)
          const missed = all.events.slice(index + 1)
          const told = missed.filter(({ kind }) => later.includes(kind))
          if (missed.length === 0 && later.includes('CAUGHT_UP')) expect(back.events.map(brief)).toEqual(['caught up'])
          else expect(back.events).toEqual(coalesced(told))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('has a cursor after the whole snapshot with the last event of the snapshot that it gets', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = [upstream.add('a'), upstream.add('a'), upstream.add('a')]
    record(model.watch('a', ids(pins)))
    await clock.advance(100)
    write(model.tenant('a').removePin('r1'))
    const ref = { service: 'model', requestId: 'r2', cid: cidOf(2).text }
    write(model.tenant('a').replacePin(ref, { cid: cidOf(2), name: null, origins: [], meta: {} }, 'key'))
    await clock.advance(100)
    const all = record(model.watch('a', ids(pins)))
    const some = record(model.watch('a', ids(pins), { kinds: new Set(['SNAPSHOT', 'STATUS_CHANGED']) }))
    await clock.advance(0)
    expect(all.events.map(brief)).toEqual(['snapshot r0 queued', 'removed r1', 'replaced r2 by r3'])
    expect(some.events.map(brief)).toEqual(['snapshot r0 queued'])
    // Whoever comes back with the first of three events gets all three again.
    const told = [all, some].map(({ events }) => {
      return record(model.watch('a', ids(pins), { after: events[0]?.cursor }))
    })
    upstream.setStatus('a', 'r0', 'pinned')
    await clock.advance(2_000)
    expect(told.map(({ events }) => events.map(brief))).toEqual([
      ['resync r0 queued', 'removed r1', 'replaced r2 by r3', 'r0 queued to pinned'],
      ['caught up', 'r0 queued to pinned'],
    ])
  })

  it('gets a change as a change if its kinds leave out the snapshot, even before its first read', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = [upstream.add('a'), upstream.add('a')]
    const changes = model.watch('a', ids(pins), { kinds: new Set(['STATUS_CHANGED']) })
    const both = model.watch('a', ids(pins), { kinds: new Set(['SNAPSHOT', 'STATUS_CHANGED']) })
    await clock.advance(100)
    upstream.setStatus('a', 'r1', 'pinned')
    await clock.advance(2_000)
    const told = [record(changes), record(both)]
    await clock.advance(0)
    expect(told.map(({ events }) => events.map(brief))).toEqual([
      ['r1 queued to pinned'],
      ['snapshot r0 queued', 'snapshot r1 pinned'],
    ])
  })

  it('ends when all pins have settled, even if it got no event', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pins = [upstream.add('a'), upstream.add('a', { status: 'pinned' })]
    const told = record(model.watch('a', ids(pins, true), { kinds: new Set(['REMOVED']) }))
    await clock.advance(2_000)
    expect(told).toEqual({ events: [], end: null })
    upstream.setStatus('a', 'r0', 'pinned')
    await clock.advance(2_000)
    expect(told).toEqual({ events: [], end: 'done' })
  })
})
