import { describe, expect, it } from 'vitest'
import { MalformedResponseError } from '../../../src/domain/errors.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import { PinRoom } from '../../../src/domain/pin-room.ts'
import { brief, query, record, startModelLive } from '../../support/model/start-model-live.ts'

describe('an account with more pins than there is memory for', () => {
  it('ends its own subscriptions with a typed error, and no others', async () => {
    await using model = startModelLive({ room: new PinRoom(200_000) })
    const { clock, upstream, live } = model
    upstream.add('b')
    const others = record(model.watch('b', query()))
    const own = [record(model.watch('a', query())), record(model.watch('a', query({ name: 'none' })))]
    await clock.advance(5_000)
    expect(own.map(({ events }) => events.map(brief))).toEqual([['caught up'], ['caught up']])

    for (let added = 0; added < 1_000; added++) upstream.add('a')
    await clock.advance(10_000)
    for (const { end } of own) {
      expect(end).toBeInstanceOf(MalformedResponseError)
      expect(`${end}`).toMatch(
        /^MalformedResponseError: model lists more than the gateway has memory for: it stopped at \d+ pins$/,
      )
    }
    expect(live.size).toBe(1)
    upstream.setStatus('b', 'r0', 'pinning')
    await clock.advance(10_000)
    expect(others.end).toBeNull()
    expect(others.events.map(brief)).toEqual(['snapshot r0 queued', 'r0 queued to pinning'])

    for (const requestId of upstream.pins('a').keys()) upstream.remove('a', requestId)
    const again = record(model.watch('a', query()))
    await clock.advance(5_000)
    expect(again.events.map(brief)).toEqual(['caught up'])
  })
})

describe('a list that never ends', () => {
  it('is given up after half an hour, which subscribers are told, and read again later', async () => {
    await using model = startModelLive()
    const { clock, upstream } = model
    const pin = upstream.add('a', { name: 'other' })
    let listed = 0
    // Each list ends ten seconds later, and has a thousand pins that are a second older each.
    upstream.onList = async ({ limit, before }) => {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 10_000))
      const newest = before === undefined ? pin.created.ns : parseInstant(before).ns
      const pins = Array.from({ length: limit }, (_, index) => {
        const ns = newest - BigInt(index + 1) * 1_000_000_000n
        const created = parseInstant(new Date(Number(ns / 1_000_000n)).toISOString())
        return { ...pin, requestId: `invented-${listed++}`, created }
      })
      return { count: null, pins }
    }
    const told = record(model.watch('a', query({ name: 'mine' })))
    await clock.advance(29 * 60_000)
    expect(told.events).toEqual([])
    const before = listed
    await clock.advance(3 * 60_000)
    expect(told.events).toMatchObject([
      {
        kind: 'STALE',
        reason: { code: 'SERVICE_UNAVAILABLE', message: 'model has not come to the end of its list for 30 minutes' },
      },
    ])
    expect(listed).toBeGreaterThan(before)
    upstream.onList = undefined
    await clock.advance(60_000)
    expect(told.events.map(brief).slice(1)).toEqual(['caught up', 'resumed'])
  })
})
