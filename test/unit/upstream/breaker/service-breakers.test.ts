import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import type { StateListener } from '../../../../src/upstream/breaker/health-report.ts'
import { ServiceBreakers } from '../../../../src/upstream/breaker/service-breakers.ts'
import type { Visit } from '../../../../src/upstream/breaker/visit.ts'
import { FailedAnswerError } from '../../../../src/upstream/http/refusals.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const answered = (status: number) =>
  new FailedAnswerError(`test answered ${status} INTERNAL: no pin "secret"`, {
    service: 'test',
    status,
    mayHaveActed: false,
  })
const unreachable = new ServiceUnavailableError('test could not be reached: ECONNREFUSED', { service: 'test' })

function createBreakers(onState?: StateListener) {
  const clock = new VirtualClock()
  const breakers = new ServiceBreakers('test', clock, onState)
  /** A call that ends at once, and is a trial where one is due. */
  const end = (tenant: string, error: Error | null) =>
    breakers.end(breakers.begin(tenant, breakers.takeTrial(tenant, { hasPermit: true }), true), error)
  const fail = (tenant: string, error: Error, times = 1) => {
    for (let n = 0; n < times; n++) end(tenant, error)
  }
  const succeed = (tenant: string) => end(tenant, null)
  /** Comes to the gate, and notes how it leaves. */
  const visit = (tenant: string, more: Partial<Visit> = {}) => {
    const now = clock.now()
    const left: { how?: unknown } = {}
    breakers
      .wait({
        tenantKey: tenant,
        kind: 'list',
        since: now,
        until: now + 4500,
        signal: undefined,
        isChange: true,
        probe: () => {},
        probeLate: () => Promise.resolve(),
        trialWaitMs: () => 0,
        ...more,
      })
      .then(
        (gate) => {
          left.how = gate ? 'tries' : 'goes'
        },
        (error: unknown) => {
          left.how = error
        },
      )
    return left
  }
  return { clock, breakers, fail, succeed, visit }
}

describe('ServiceBreakers', () => {
  it.each([
    ['500', answered(500)],
    ['503', answered(503)],
    ['no connection', unreachable],
  ])('stop a tenant after three failures in a row (%s), and no other', (_what, error) => {
    const { breakers, fail, succeed } = createBreakers()
    fail('mallory', error, 2)
    expect(breakers.isOpen('mallory')).toBe(false)
    fail('mallory', error)
    expect(breakers.isOpen('mallory')).toBe(true)
    expect(breakers.refusal({ tenantKey: 'mallory', trialWaitMs: () => 0 })).toMatchObject({
      message: 'test is down and is left alone for a moment',
      retryAfterMs: 100,
    })
    succeed('alice')
    expect(breakers.isOpen('mallory')).toBe(true)
    expect([breakers.health('mallory').state, breakers.health('alice').state]).toEqual(['down', 'up'])
  })

  it.each([
    ['502', answered(502)],
    ['504', answered(504)],
    ['no connection', unreachable],
  ])('stop everybody after three failures of two tenants that say that the service is down (%s)', (_what, error) => {
    const { breakers, fail } = createBreakers()
    fail('alice', error, 2)
    fail('bob', error)
    expect(['alice', 'bob', 'carol'].map((tenant) => breakers.isOpen(tenant))).toEqual([true, true, true])
    expect(breakers.health()).toMatchObject({ state: 'down', breaker: 'open' })
  })

  it('do not block other accounts for failures that only two accounts have', () => {
    const { breakers, fail } = createBreakers()
    fail('mallory', answered(500), 3)
    fail('bob', answered(500), 3)
    expect(['mallory', 'bob', 'alice'].map((tenant) => breakers.isOpen(tenant))).toEqual([true, true, false])
  })

  it('count an account no more that is stopped while others are answered, until it has an answer of its own', () => {
    const { breakers, fail, succeed } = createBreakers()
    fail('mallory', answered(503), 3)
    succeed('carol')
    fail('mallory', answered(503), 10)
    fail('bob', answered(503), 2)
    expect(breakers.isOpen('carol')).toBe(false)
    fail('dave', answered(503))
    expect(breakers.isOpen('carol')).toBe(true)
    succeed('mallory')
    fail('mallory', answered(503), 2)
    expect(breakers.isOpen('carol')).toBe(false)
    fail('dave', answered(503))
    expect(breakers.isOpen('carol')).toBe(true)
  })

  it('tell calls that wait elsewhere when they have to wait here', () => {
    const { breakers, fail } = createBreakers()
    const told: string[] = []
    for (const tenant of ['alice', 'carol']) breakers.whenOpen(tenant, () => told.push(tenant))
    breakers.whenOpen('carol', () => told.push('nobody'))()
    fail('alice', unreachable, 3)
    expect(told).toEqual(['alice'])
    fail('bob', unreachable)
    expect(told.slice(1)).toContain('carol')
    expect(told).not.toContain('nobody')
  })

  it('reset the count of all tenants after an answer to any of them', () => {
    const { breakers, fail, succeed } = createBreakers()
    fail('alice', unreachable)
    fail('bob', unreachable)
    succeed('carol')
    fail('bob', unreachable, 2)
    expect(breakers.isOpen('carol')).toBe(false)
  })

  it('do not block the service for all because one account fails', async () => {
    const { breakers, clock, fail } = createBreakers()
    fail('alice', unreachable, 2)
    fail('bob', unreachable)
    await clock.advance(100)
    // The trial shows that the service answers, though not with what mallory wants.
    fail('mallory', answered(500))
    expect(breakers.isOpen('alice')).toBe(false)
    fail('mallory', answered(500), 20)
    expect([breakers.isOpen('alice'), breakers.isOpen('mallory')]).toEqual([false, true])
  })

  it('let a waiting tenant go on once any tenant had an answer', async () => {
    const { clock, fail, succeed, visit } = createBreakers()
    fail('alice', unreachable, 2)
    fail('bob', unreachable)
    const [carol, dave] = [visit('carol'), visit('dave', { isChange: false })]
    await clock.advance(100)
    expect([carol.how, dave.how]).toEqual([undefined, 'tries'])
    succeed('dave')
    await clock.advance(0)
    expect(carol.how).toBe('goes')
  })

  it('hold a tenant back by its own breaker, even if the service works for others', async () => {
    const { clock, fail, succeed, visit } = createBreakers()
    fail('alice', unreachable, 3)
    fail('bob', unreachable)
    const alice = [visit('alice'), visit('alice', { isChange: false })]
    await clock.advance(50)
    succeed('carol')
    await clock.advance(49)
    expect(alice.map(({ how }) => how)).toEqual([undefined, undefined])
    await clock.advance(1)
    expect(alice.map(({ how }) => how)).toEqual([undefined, 'tries'])
    succeed('alice')
    await clock.advance(0)
    expect(alice.map(({ how }) => how)).toEqual(['goes', 'tries'])
  })

  it('let at most 1,000 calls of a tenant wait', async () => {
    const { clock, fail, visit } = createBreakers()
    fail('alice', unreachable, 2)
    fail('bob', unreachable)
    const waiting = Array.from({ length: 1000 }, () => visit('alice'))
    const [oneMore, others] = [visit('alice'), visit('bob')]
    await clock.advance(0)
    expect(oneMore.how).toBeInstanceOf(ServiceUnavailableError)
    expect([...waiting, others].filter(({ how }) => how !== undefined)).toEqual([])
    await clock.advance(4500)
    expect(waiting.every(({ how }) => how instanceof ServiceUnavailableError)).toBe(true)
    const later = visit('alice')
    await clock.advance(0)
    expect(later.how).toBe(undefined)
  })

  it('count no failure of a call that began before the last answer, neither for its tenant nor for all', () => {
    const { breakers, succeed } = createBreakers()
    const begin = (tenant: string) => breakers.begin(tenant, null, true)
    const early = ['alice', 'bob', 'alice', 'bob', 'alice', 'bob'].map(begin)
    succeed('alice')
    succeed('bob')
    for (const call of early) breakers.end(call, unreachable)
    expect(['alice', 'bob'].map((tenant) => breakers.health(tenant).state)).toEqual(['up', 'up'])
    for (let n = 0; n < 3; n++) breakers.end(begin('alice'), unreachable)
    expect(['alice', 'bob'].map((tenant) => breakers.health(tenant).state)).toEqual(['down', 'degraded'])
  })

  it('know when a trial has ended that was answered after the service was back', async () => {
    const { clock, breakers, fail, succeed } = createBreakers()
    fail('alice', unreachable, 3)
    await clock.advance(200)
    const trial = breakers.begin('alice', breakers.takeTrial('alice', { hasPermit: true }), true)
    breakers.end(breakers.begin('alice', null, true), null)
    succeed('bob')
    breakers.end(trial, null)
    fail('alice', unreachable, 3)
    expect(breakers.health('alice').breaker).toBe('open')
  })

  it('tell after a success, too, what the listener did not take before', () => {
    const told: string[] = []
    let takes = true
    const { fail, succeed } = createBreakers((state) => {
      told.push(state)
      return takes
    })
    succeed('alice')
    fail('alice', unreachable, 3)
    takes = false
    succeed('alice')
    succeed('bob')
    takes = true
    succeed('bob')
    succeed('bob')
    expect(told).toEqual(['up', 'up', 'down', 'up', 'up', 'up'])
  })

  it('tell the listener no more after each call, once others are answered, of a tenant that failed and comes no more', () => {
    const told: string[] = []
    const { fail, succeed } = createBreakers((state) => told.push(state) > 0)
    fail('alice', answered(500))
    succeed('bob')
    expect(told).toEqual(['up', 'up'])
    for (const tenant of ['bob', 'carol', 'bob']) succeed(tenant)
    expect(told).toEqual(['up', 'up'])
    succeed('alice')
    expect(told).toEqual(['up', 'up', 'up'])
  })

  it('let the trials of two tenants follow each other at once after the answer to a third', async () => {
    const { clock, breakers, fail, succeed } = createBreakers()
    const tryIt = (tenant: string) => breakers.takeTrial(tenant, { hasPermit: true })
    fail('mallory', answered(500), 3)
    fail('oscar', answered(500), 3)
    succeed('carol')
    await clock.advance(1000)
    fail('mallory', answered(500))
    expect(tryIt('oscar')).toBe(null)
    succeed('carol')
    expect(tryIt('oscar')).toMatchObject({ tenantKey: 'oscar' })
  })

  it('hold a tenant back that goes on failing, however many others are answered', async () => {
    const { clock, breakers, fail, succeed } = createBreakers()
    fail('mallory', answered(500), 3)
    for (let n = 0; n < 10_001; n++) succeed(`tenant ${n}`)
    expect(breakers.isOpen('mallory')).toBe(true)
    for (let n = 0; n < 10_001; n++) {
      fail(`tenant ${n}`, answered(500))
      succeed(`tenant ${n}`)
      if (n % 1000 > 0) continue
      await clock.advance(1000)
      fail('mallory', answered(500))
    }
    expect(breakers.isOpen('mallory')).toBe(true)
  })

  it("show a failure in the service's words to the tenant only whose call it was", () => {
    const { breakers, fail } = createBreakers()
    fail('alice', answered(500))
    expect(breakers.health('alice').lastError?.message).toBe('test answered 500 INTERNAL: no pin "secret"')
    expect(breakers.health('bob').lastError).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: 'test answered 500',
    })
    expect(breakers.health().lastError?.message).toBe('test answered 500')
    fail('alice', unreachable)
    expect(breakers.health('bob').lastError?.message).toBe('test could not be reached: ECONNREFUSED')
  })
})
