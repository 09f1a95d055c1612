import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../../src/upstream/budget/rate-limit.ts'
import { ModelService } from '../../../../support/model/model-service.ts'
import { operationOf } from '../../../../support/upstream/come-back.ts'
import { createService } from '../../../../support/upstream/create-service.ts'
import { createTenant } from '../../../../support/upstream/create-tenant.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const GENEROUS: RateLimit = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }
const unreachable = new ServiceUnavailableError('model could not be reached', { service: 'model' })

/** A tenant with one pin at a known service, which can be down and takes a while to answer. */
function createLookedUp(limit: RateLimit = GENEROUS) {
  const clock = new VirtualClock(1000)
  const model = new ModelService({ clock })
  const trouble = { isDown: false, answersInMs: 10, hangsMs: 0 }
  model.fate = () =>
    trouble.isDown ? { beforeMs: trouble.hangsMs, refusal: unreachable } : { afterMs: trouble.answersInMs }
  const capabilities = { count: 'matching', multiStatus: true } as const
  const settings = { name: 'model', endpoint: 'http://model.invalid', token: null, provider: null }
  const service = createService(
    { ...settings, limits: [limit], capabilities },
    { clock, connect: model.connect, random: () => 0 },
  )
  const tenant = createTenant(service, 'alice', 'alice')
  const pin = model.add('alice')
  const ways = {
    content: (signal: AbortSignal | ReturnType<typeof operationOf>) => tenant.lookupContent(pin.cid, { signal }),
    pin: (signal: AbortSignal | ReturnType<typeof operationOf>) =>
      tenant.lookupPin({ service: 'model', cid: pin.cid.text, requestId: pin.requestId }, { signal }),
  }
  function look(way: keyof typeof ways, caller: string) {
    const since = clock.now()
    const signal = operationOf(caller)
    const looked = {
      outcome: 'waits' as unknown,
      tookMs: Number.NaN,
      leave: () => signal.abort(new Error('went away')),
    }
    const end = (outcome: unknown): void => {
      looked.outcome = outcome
      looked.tookMs = clock.now() - since
    }
    ways[way](signal).then(() => end('found'), end)
    return looked
  }
  /** Lets polls fail, so that the service is known to be down. */
  async function goDown(): Promise<void> {
    trouble.isDown = true
    const poll = { tenantKey: 'alice', token: 'alice', endpoint: 'item', class: 'live', isRepeatable: true } as const
    const failing = [1, 2, 3].map(() => service.call({ ...poll, send: () => Promise.reject(unreachable) }))
    const ended = Promise.allSettled(failing)
    await clock.advance(1000)
    await ended
    expect(service.health('alice').state).toBe('down')
  }
  return { clock, model, service, tenant, pin, trouble, look, goDown }
}

describe.each(['content', 'pin'] as const)('equal lookups of several callers (%s)', (way) => {
  it('share a request, also when one begins while it is in flight', async () => {
    const { clock, model, trouble, look } = createLookedUp()
    trouble.answersInMs = 1000
    const looked = [look(way, 'a'), look(way, 'b')]
    await clock.advance(500)
    looked.push(look(way, 'c'), look(way, 'a'))
    await clock.advance(500)
    expect(looked.map(({ outcome, tookMs }) => [outcome, tookMs])).toEqual([
      ['found', 1000],
      ['found', 1000],
      ['found', 500],
      ['found', 500],
    ])
    expect(model.requests).toHaveLength(1)
  })

  it('share none that was sent before a change', async () => {
    const { clock, model, tenant, trouble, look } = createLookedUp()
    trouble.answersInMs = 1000
    const before = look(way, 'a')
    await clock.advance(500)
    const other = model.add('alice')
    trouble.answersInMs = 0
    const removed = tenant.removePin(other.requestId)
    await clock.advance(0)
    await removed
    const after = look(way, 'b')
    await clock.advance(0)
    expect([before.outcome, after.outcome]).toEqual(['waits', 'found'])
    expect(model.requests.filter(({ operation }) => operation !== 'remove')).toHaveLength(2)
  })

  it('go on when one of their callers leaves', async () => {
    const { clock, model, trouble, look } = createLookedUp()
    trouble.answersInMs = 1000
    const [first, second] = [look(way, 'a'), look(way, 'b')]
    await clock.advance(500)
    const third = look(way, 'c')
    first.leave()
    second.leave()
    await clock.advance(500)
    expect([first.outcome, second.outcome]).toEqual([new Error('went away'), new Error('went away')])
    expect([third.outcome, model.requests.length]).toEqual(['found', 1])
  })

  it('wait for 4.5 s each while the service is down', async () => {
    const { clock, goDown, look } = createLookedUp()
    await goDown()
    const looked = []
    for (let n = 0; n < 60; n++) {
      looked.push(look(way, `caller ${n % 7}`))
      await clock.advance(150)
    }
    await clock.advance(5000)
    expect(looked.map(({ tookMs }) => tookMs)).toEqual(Array(60).fill(4500))
    for (const { outcome } of looked) expect(outcome).toBeInstanceOf(ServiceUnavailableError)
  })

  it('are found by all whose time is not over when the service is back', async () => {
    const { clock, goDown, look, trouble } = createLookedUp()
    await goDown()
    const first = look(way, 'a')
    await clock.advance(4000)
    const second = look(way, 'b')
    await clock.advance(1000)
    trouble.isDown = false
    await clock.advance(3400)
    expect([first.outcome, second.outcome]).toEqual([expect.any(ServiceUnavailableError), 'found'])
  })

  it('have the time of their own callers for retries, if they joined a request that runs out of time', async () => {
    const { clock, look, trouble } = createLookedUp()
    Object.assign(trouble, { isDown: true, hangsMs: 8200 })
    const first = look(way, 'a')
    await clock.advance(24_000)
    const second = look(way, 'b')
    await clock.advance(900)
    expect(first.outcome).toBeInstanceOf(ServiceUnavailableError)
    expect(second.outcome).toBe('waits')
    trouble.isDown = false
    await clock.advance(10_000)
    expect(second.outcome).toBe('found')
  })
})
