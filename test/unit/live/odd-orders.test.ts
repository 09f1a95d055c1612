import { describe, expect, it } from 'vitest'
import type { Cid } from '../../../src/domain/cid.ts'
import { RateLimitedError } from '../../../src/domain/errors.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import { cidOf } from '../../support/model/model-service.ts'
import { brief, ids, type ModelLive, query, record, startModelLive } from '../../support/model/start-model-live.ts'

/** Starts a service whose request ids are CIDs, as ipfs-cluster's are. */
function startWithCidsAsIds(): ModelLive {
  const model = startModelLive()
  const { upstream } = model
  const add = upstream.add.bind(upstream)
  upstream.add = (token, pin = {}) => {
    const cid = pin.cid ?? cidOf(0)
    return add(token, { ...pin, cid, requestId: cid.text })
  }
  return model
}

async function replace({ clock, tenant }: ModelLive, old: Pin, cid: Cid, key: string): Promise<Pin> {
  const ref = { service: 'model', requestId: old.requestId, cid: old.cid.text }
  const replacing = tenant('a').replacePin(ref, { cid, name: null, origins: [], meta: {} }, key)
  await clock.advance(0)
  return replacing
}

describe('where request ids are CIDs', () => {
  it('a replacement that is undone leads to the first pin, not into an endless loop', async () => {
    await using model = startWithCidsAsIds()
    const { clock, upstream } = model
    const one = upstream.add('a', { cid: cidOf(1) })
    const told = record(model.watch('a', ids([one])))
    await clock.advance(100)
    const two = await replace(model, one, cidOf(2), 'key-1')
    await replace(model, two, cidOf(1), 'key-2')
    const late = record(model.watch('a', ids([one])))
    await clock.advance(100)
    expect(told.events).toHaveLength(3)
    expect(late.events.map(brief)).toEqual([`snapshot ${one.requestId} queued`])
  })

  it('a pin that was removed and added again is there', async () => {
    await using model = startWithCidsAsIds()
    const { clock, upstream } = model
    record(model.watch('a', ids([upstream.add('a', { cid: cidOf(9) })])))
    const pin = upstream.add('a', { cid: cidOf(1) })
    await clock.advance(500)
    const removing = model.tenant('a').removePin(pin.requestId)
    await clock.advance(0)
    await removing
    await clock.advance(5_000)
    const adding = model.tenant('a').addPin({ cid: pin.cid, name: 'again', origins: [], meta: {} }, 'key')
    await clock.advance(0)
    const told = record(model.watch('a', ids([await adding])))
    await clock.advance(3_000)
    expect(told.events.map(brief)).toEqual([`snapshot ${pin.requestId} queued`])
  })
})

it('a subscription follows a replacement whose answer was lost', async () => {
  await using model = startModelLive({ capabilities: { keepsMeta: true } })
  const { clock, upstream } = model
  const old = upstream.add('a')
  const told = record(model.watch('a', ids([old], true)))
  await clock.advance(500)
  upstream.fate = (operation) => (operation === 'replace' ? { isReplyLost: true } : undefined)
  const ref = { service: 'model', requestId: old.requestId, cid: old.cid.text }
  const replacing = model.tenant('a').replacePin(ref, { cid: cidOf(7), name: null, origins: [], meta: {} }, 'key')
  await clock.advance(10_000)
  const { requestId } = await replacing
  expect(told.events.map(brief)).toEqual(['snapshot r0 queued', `replaced r0 by ${requestId}`])
  upstream.setStatus('a', requestId, 'pinned')
  await clock.advance(2_000)
  expect(told.end).toBe('done')
})

it('a replacement is reported as one ADDED to subscribers without the old pin, even if a poll shows the new pin before the answer', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const old = upstream.add('a', { name: 'old' })
  const told = record(model.watch('a', query({ name: 'new' })))
  const all = record(model.watch('a', query()))
  await clock.advance(500)
  upstream.fate = (operation) => (operation === 'replace' ? { afterMs: 1_200 } : undefined)
  const ref = { service: 'model', requestId: old.requestId, cid: old.cid.text }
  const replacing = model.tenant('a').replacePin(ref, { cid: cidOf(7), name: 'new', origins: [], meta: {} }, 'key')
  await clock.advance(5_000)
  const { requestId } = await replacing
  expect(told.events.map(brief).slice(1)).toEqual([`added ${requestId} queued`])
  expect(all.events.map(brief).slice(1)).toEqual([`added ${requestId} queued`, `replaced r0 by ${requestId}`])
})

it.each([300, 900])('new subscriptions every %s ms do not delay the changes of older ones', async (everyMs) => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const told = record(model.watch('a', ids([upstream.add('a')], true)))
  await clock.advance(500)
  upstream.setStatus('a', 'r0', 'pinned')
  for (let n = 0; n < 10_000 / everyMs; n++) {
    record(model.watch('a', ids([upstream.add('a')])))
    await clock.advance(everyMs)
  }
  expect(told.end).toBe('done')
})

it('a subscription that cannot begin does not keep others from their changes', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const told = record(model.watch('a', ids([upstream.add('a')], true)))
  await clock.advance(500)
  upstream.fate = (operation) => (operation === 'list' ? { refusal: new RateLimitedError('model', 1_000) } : undefined)
  record(model.watch('a', query()))
  await clock.advance(5_000)
  upstream.setStatus('a', 'r0', 'pinned')
  await clock.advance(120_000)
  expect(told.end).toBe('done')
})

it('a cursor from before a selection was dropped and read again returns a new snapshot, not CAUGHT_UP', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const pin = upstream.add('a')
  record(model.watch('a', ids([upstream.add('a', { status: 'pinned' })])))
  const reader = model.watch('a', ids([pin], true))
  const told = record(reader)
  await clock.advance(100)
  await reader.return()
  await clock.advance(35_000)
  upstream.setStatus('a', pin.requestId, 'pinned')
  record(model.watch('a', ids([pin])))
  await clock.advance(1_000)
  const back = record(model.watch('a', ids([pin], true), { after: told.events.at(-1)?.cursor }))
  await clock.advance(1_000)
  expect(back.events.map(brief)).toEqual([`resync ${pin.requestId} pinned`])
})

it('a pin that another client added is found, even if a newer one was added through this gateway before the next poll', async () => {
  await using model = startModelLive()
  const { clock, upstream } = model
  const reader = model.watch('a', query())
  const told = record(reader)
  await clock.advance(5_000)
  await reader.return()
  const elsewhere = upstream.add('a')
  await clock.advance(11_000)
  const adding = model.tenant('a').addPin({ cid: cidOf(5), name: null, origins: [], meta: {} }, 'key')
  await clock.advance(0)
  await adding
  const back = record(model.watch('a', query(), { after: told.events.at(-1)?.cursor }))
  await clock.advance(10_000)
  expect(back.events.map(brief)).toContain(`added ${elsewhere.requestId} queued`)
})

it('polls become frequent again after 3,000 subscriptions that began at once have their snapshots', async () => {
  await using model = startModelLive({
    limits: [{ limit: 100, windowMs: 1_000, scope: 'address', endpoint: 'all' }],
  })
  const { clock, upstream } = model
  upstream.isLogging = false
  const tokens = Array.from({ length: 3_000 }, (_, index) => `t${index}`)
  for (const token of tokens) {
    upstream.add(token, { status: 'pinned' })
    record(model.watch(token, query()))
  }
  await clock.advance(60_000)
  const before = upstream.requestCount
  await clock.advance(60_000)
  expect((upstream.requestCount - before) / 60).toBeGreaterThan(60)
})
