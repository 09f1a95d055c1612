import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import { Gate, type Visit } from '../../../../src/upstream/breaker/gate.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const down = new ServiceUnavailableError('test answered 503', { service: 'test' })

/** A gate that is shut. */
function createGate() {
  const clock = new VirtualClock()
  const gate = new Gate('test', clock)
  const end = (error: unknown, isTrial = false) => gate.end(gate.begin(isTrial ? gate : null), isTrial, error)
  for (let i = 0; i < 3; i++) end(down)
  const left: string[] = []
  /** A call that waits, and notes as what it left. */
  function come(name: string, more: Partial<Visit> = {}) {
    const visit = {
      since: clock.now(),
      until: clock.now() + 4500,
      signal: undefined,
      isChange: false,
      probe: () => {},
      probeLate: () => Promise.resolve(),
      hasRoom: () => true,
      hasTried: false,
      ...more,
    }
    gate.wait(visit).then(
      (isTrial) => left.push(`${name} ${isTrial ? 'tries' : 'goes'}`),
      (error: unknown) => left.push(`${name} ${error instanceof ServiceUnavailableError ? 'is refused' : error}`),
    )
    return visit
  }
  return { clock, gate, end, left, come }
}

describe('Gate', () => {
  it('skips reads without room in the budget, and tries them again', async () => {
    const { clock, gate, left, come } = createGate()
    let room = false
    come('a', { hasRoom: () => room })
    await clock.advance(1000)
    expect(left).toEqual([])
    const probed: string[] = []
    come('b', { isChange: true, probe: () => probed.push('b') })
    await clock.advance(100)
    expect([left, probed]).toEqual([[], ['b']])
    room = true
    gate.dropTrial()
    await clock.advance(0)
    expect(left).toEqual(['a tries'])
  })

  it('lets a change try when a probe says so, once', async () => {
    const { gate, clock, left, come } = createGate()
    come('a')
    for (const name of ['b', 'c']) come(name, { isChange: true, probe: () => {} })
    await clock.advance(0)
    gate.tryChange()
    gate.tryChange()
    await clock.advance(0)
    expect(left).toEqual(['b tries'])
  })

  it('lets one call try when a trial is due, and all go after an answer', async () => {
    const { clock, end, left, come } = createGate()
    for (const name of ['a', 'b', 'c']) come(name)
    await clock.advance(99)
    expect(left).toEqual([])
    await clock.advance(1)
    expect(left).toEqual(['a tries'])
    end(null, true)
    await clock.advance(0)
    expect([left, clock.pendingTimers]).toEqual([['a tries', 'b goes', 'c goes'], 0])
  })

  it('lets no second call try while the first one waits for the budget', async () => {
    const { clock, gate, left, come } = createGate()
    come('a')
    come('b')
    await clock.advance(3000)
    expect(left).toEqual(['a tries'])
    gate.dropTrial()
    await clock.advance(0)
    expect(left).toEqual(['a tries', 'b tries'])
  })

  it('lets another call try while a trial has no answer', async () => {
    const { clock, gate, left, come } = createGate()
    come('a')
    come('b')
    await clock.advance(100)
    gate.begin(gate)
    await clock.advance(100)
    expect(left).toEqual(['a tries', 'b tries'])
  })

  it('tries reads first that have not been tried, then a probe for a change, then other reads', async () => {
    const { clock, end, left, come } = createGate()
    const probe = () => {
      left.push('probe')
      end(down, true)
    }
    come('change', { isChange: true, probe })
    come('tried', { hasTried: true })
    come('read')
    const seen: string[][] = []
    for (let trial = 0; trial < 3; trial++) {
      await clock.advance(200)
      if (left.at(-1) !== 'probe') end(down, true)
      seen.push([...left])
    }
    expect(left.slice(0, 2)).toEqual(['read tries', 'probe'])
    expect(left).not.toContain('change tries')
    end(null, true)
    await clock.advance(0)
    expect(left.slice(-2)).toEqual(['change goes', 'tried goes'])
  })

  it('refuses a call at the end of its time at the gate, and at once if that time is over', async () => {
    const { clock, end, left, come } = createGate()
    come('late', { until: clock.now() })
    await clock.advance(0)
    expect(left).toEqual(['late is refused'])
    const probe = () => end(down, true)
    come('change', { isChange: true, probe })
    await clock.advance(4499)
    expect(left).toHaveLength(1)
    await clock.advance(1)
    expect([left, clock.pendingTimers]).toEqual([['late is refused', 'change is refused'], 0])
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
