import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import { CircuitBreaker } from '../../../../src/upstream/breaker/circuit-breaker.ts'
import { Gate } from '../../../../src/upstream/breaker/gate.ts'
import { verdictOf } from '../../../../src/upstream/breaker/verdict.ts'
import type { Trial, Visit } from '../../../../src/upstream/breaker/visit.ts'
import { Stop } from '../../../../src/upstream/waiting/stop.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const down = new ServiceUnavailableError('test answered 503', { service: 'test' })

const sharedTurnOf = (tenantKey: string) => (tenantKey.startsWith('made up') ? 'unproven' : undefined)

/** A gate that is shut. Tenants whose key begins with `own` have a breaker of their own, and those `made up` share a turn. */
function createGate() {
  const clock = new VirtualClock()
  const shared = new CircuitBreaker('test', clock)
  const own = new CircuitBreaker('test', clock)
  const breakerOf = (tenantKey: string) => (tenantKey.startsWith('own') ? own : shared)
  const gate = new Gate(clock, breakerOf, (tenantKey) => tenantKey.startsWith('broken'), sharedTurnOf)
  const end = (error: unknown, trial: Trial | null = null, breaker = shared) => {
    if (trial) {
      breaker.trialSent()
      gate.sent(trial)
      breaker.trialEnded()
    }
    breaker.end(error, { verdict: verdictOf(error), isStale: false, tenantKey: 'alice' })
    if (error !== null) return
    gate.letGo()
    gate.answered(trial)
  }
  for (let i = 0; i < 3; i++) for (const breaker of [shared, own]) end(down, null, breaker)
  const left: string[] = []
  const trials: Trial[] = []
  /** A call that waits, and notes as what it left. A trial is sent at once and fails, unless `isHeld`. */
  function come(name: string, { isHeld = false, ...more }: Partial<Visit> & { isHeld?: boolean } = {}) {
    const visit: Visit = {
      tenantKey: 'alice',
      kind: more.isChange ? 'write' : 'list',
      since: clock.now(),
      until: clock.now() + 4500,
      signal: undefined,
      isChange: false,
      trialWaitMs: () => 0,
      probe: (trial) => {
        left.push(`${name} probes`)
        if (!isHeld) end(down, trial, breakerOf(visit.tenantKey))
      },
      probeLate: () => Promise.resolve(),
      ...more,
    }
    gate.wait(visit).then(
      (trial) => {
        left.push(`${name} ${trial ? 'tries' : 'goes'}`)
        if (trial) trials.push(trial)
        if (trial && !isHeld) end(down, trial, breakerOf(visit.tenantKey))
      },
      (error: unknown) => left.push(`${name} ${error instanceof ServiceUnavailableError ? 'is refused' : error}`),
    )
    return visit
  }
  return { clock, gate, shared, end, left, trials, come }
}

describe('Gate', () => {
  it('skips reads without room in the budget, and tries them again', async () => {
    const { clock, left, come } = createGate()
    let waitMs = 1001
    const late: string[] = []
    const probeLate = async () => void late.push('a')
    come('a', { trialWaitMs: () => waitMs, probeLate })
    await clock.advance(1000)
    expect([left, late.length > 0]).toEqual([[], true])
    come('b', { isChange: true })
    await clock.advance(0)
    expect(left).toEqual(['b probes'])
    waitMs = 1000
    await clock.advance(2000)
    expect(left.slice(0, 2)).toEqual(['b probes', 'a tries'])
  })

  it('has a probe wait for the budget in the name of the call that would have room first, one at a time', async () => {
    const { clock, come } = createGate()
    const late: string[] = []
    for (const [name, waitMs] of [
      ['a', 3000],
      ['b', 2000],
      ['c', 4000],
    ] as const) {
      const probeLate = () => {
        late.push(name)
        return clock.sleep(1000)
      }
      come(name, { tenantKey: name, trialWaitMs: () => waitMs, probeLate })
    }
    await clock.advance(1050)
    expect(late).toEqual(['b'])
    await clock.advance(1000)
    expect(late).toEqual(['b', 'b'])
  })

  it('gives the permit of a late probe to a call that waits', async () => {
    const { clock, gate, left, trials, come } = createGate()
    for (const name of ['a', 'b']) come(name, { tenantKey: name, trialWaitMs: () => 5000 })
    await clock.advance(50)
    const permit = { grantedAt: 0, waitedMs: 0, sent: () => {}, giveBack: () => {} }
    expect(gate.handOver({ tenantKey: 'b', keys: [], followsProbe: false, permit }, 'item')).toBe(false)
    expect(gate.handOver({ tenantKey: 'b', keys: [], followsProbe: false, permit }, 'list')).toBe(true)
    await clock.advance(0)
    expect([left, trials[0]?.permit]).toEqual([['b tries'], permit])
  })

  it('lets a change try when a probe says so, once', async () => {
    const { clock, gate, left, come } = createGate()
    for (const name of ['b', 'c']) come(name, { isChange: true, isHeld: true })
    come('other', { isChange: true, isHeld: true, tenantKey: 'own' })
    await clock.advance(0)
    gate.tryChange('alice')
    gate.tryChange('alice')
    await clock.advance(0)
    expect(left).toEqual(['b tries'])
  })

  it('lets a change try without a probe after three reads that were answered with a failure', async () => {
    const { clock, shared, left, come } = createGate()
    come('a')
    await clock.advance(50)
    come('change', { isChange: true })
    shared.failedReads = 3
    await clock.advance(50)
    expect([left, shared.failedReads]).toEqual([['change tries'], 0])
  })

  it('lets one call try when a trial is due, and all go after an answer', async () => {
    const { clock, end, left, trials, come } = createGate()
    for (const name of ['a', 'b', 'c']) come(name, { isHeld: true })
    await clock.advance(99)
    expect(left).toEqual([])
    await clock.advance(1)
    expect(left).toEqual(['a tries'])
    end(null, trials[0])
    await clock.advance(0)
    expect([left, clock.pendingTimers]).toEqual([['a tries', 'b goes', 'c goes'], 0])
  })

  it('lets no second call try while the first one waits for the budget, unless it has a permit', async () => {
    const { clock, gate, left, trials, come } = createGate()
    for (const name of ['a', 'b', 'c']) come(name, { isHeld: true })
    await clock.advance(3000)
    expect([left, gate.takeTrial('alice', false)]).toEqual([['a tries'], null])
    const trial = gate.takeTrial('bob', true)
    expect(trial).not.toBe(null)
    if (trial) gate.sent(trial)
    // The first one must not be sent a moment after it.
    expect(trials.map((each) => gate.maySend(each))).toEqual([false])
    for (const each of trials) gate.drop(each)
    await clock.advance(1000)
    expect(left).toEqual(['a tries', 'b tries'])
  })

  it('gives one turn to all tenants that share it, and room for as many calls as one tenant has', async () => {
    const { clock, left, come } = createGate()
    for (let n = 0; n <= 1_000; n++) come(`made up ${n}`, { tenantKey: `made up ${n}` })
    for (const tenantKey of ['a', 'b']) come(tenantKey, { tenantKey })
    await clock.advance(0)
    expect(left).toEqual(['made up 1000 is refused'])
    await clock.advance(1_500)
    expect(left.slice(1, 4).sort()).toEqual(['a tries', 'b tries', 'made up 0 tries'])
  })

  it('lets another call try while a trial has no answer', async () => {
    const { clock, gate, left, trials, come } = createGate()
    come('a', { isHeld: true })
    come('b', { isHeld: true })
    await clock.advance(100)
    for (const trial of trials) gate.sent(trial)
    await clock.advance(100)
    expect(left).toEqual(['a tries', 'b tries'])
  })

  it('gives turns to tenants, inside a tenant to lists, pins and changes, and inside these to callers', async () => {
    const { clock, left, come } = createGate()
    const ofCaller = (callerKey: string) => ({ signal: new Stop({ asker: { callerKey } }) })
    for (const n of [1, 2]) come(`greedy ${n}`, ofCaller('greedy'))
    come('modest', ofCaller('modest'))
    come('pin', { kind: 'item' })
    come('change', { isChange: true })
    come('bob', { tenantKey: 'bob' })
    await clock.advance(4400)
    expect(left.slice(0, 6)).toEqual([
      'greedy 1 tries',
      'bob tries',
      'pin tries',
      'change probes',
      'modest tries',
      'change probes',
    ])
  })

  it('gives all broken accounts together the turns of one tenant', async () => {
    const { clock, left, come } = createGate()
    for (let n = 0; n < 20; n++) {
      for (const tenantKey of ['broken 1', 'broken 2', 'broken 3', 'good']) come(tenantKey, { tenantKey })
      await clock.advance(1000)
    }
    const tries = left.filter((each) => each.endsWith('tries')).slice(-10)
    expect(tries.filter((each) => each.startsWith('good'))).toHaveLength(5)
    expect(new Set(tries).size).toBe(4)
  })

  it('remembers the turns of tenants whose calls have left', async () => {
    const { clock, left, come } = createGate()
    const tenants = [...Array(8).keys()].map((n) => `tenant ${n}`)
    const comeBack = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        for (const tenantKey of tenants) come(tenantKey, { tenantKey })
        await clock.advance(1000)
      }
    }
    await comeBack(20)
    left.length = 0
    come('new', { tenantKey: 'new' })
    await comeBack(2)
    expect(left).toContain('new tries')
    // Every tenant has a turn, though a round takes longer than a call waits.
    left.length = 0
    await comeBack(10)
    expect(new Set(left.filter((each) => each.endsWith('tries'))).size).toBe(8)
  })

  it('sends the trials of two breakers at the pace of one, until somebody is answered', async () => {
    const { clock, end, left, come } = createGate()
    await clock.advance(10_000)
    const come2 = () => {
      come('a')
      come('own', { tenantKey: 'own' })
    }
    for (let n = 0; n < 10; n++) {
      come2()
      await clock.advance(1000)
    }
    const tries = left.filter((each) => each.endsWith('tries'))
    expect(tries.length).toBeLessThanOrEqual(11)
    expect(Math.abs(tries.filter((each) => each === 'a tries').length - 5)).toBeLessThanOrEqual(1)
    left.length = 0
    end(null)
    await clock.advance(1000)
    expect(left).toContain('a goes')
  })

  it('refuses a call at the end of its time at the gate, and at once if that time is over', async () => {
    const { clock, left, come } = createGate()
    come('late', { until: clock.now() })
    await clock.advance(0)
    expect(left).toEqual(['late is refused'])
    come('change', { isChange: true, probe: () => {} })
    await clock.advance(4499)
    expect(left).toHaveLength(1)
    await clock.advance(1)
    expect([left, clock.pendingTimers]).toEqual([['late is refused', 'change is refused'], 0])
  })

  it('says when it tries again: when a trial is due, or later when the budget has room', () => {
    const { gate } = createGate()
    expect(gate.refusal({ tenantKey: 'alice', trialWaitMs: () => 0 }).retryAfterMs).toBe(100)
    expect(gate.refusal({ tenantKey: 'alice', trialWaitMs: () => 11_000 }).retryAfterMs).toBe(11_000)
  })

  it('drops a call whose caller has left', async () => {
    const { clock, left, come } = createGate()
    const caller = new AbortController()
    come('a', { signal: caller.signal })
    come('b')
    caller.abort('gone')
    await clock.advance(100)
    expect(left).toEqual(['a gone', 'b tries'])
  })

  it('fails all that wait when pinql stops', async () => {
    const { clock, gate, left, come } = createGate()
    for (const name of ['a', 'b']) come(name)
    gate.failAll(new Error('stopping'))
    await clock.advance(0)
    expect([left, clock.pendingTimers]).toEqual([['a Error: stopping', 'b Error: stopping'], 0])
  })
})
