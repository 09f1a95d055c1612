import { describe, expect, it } from 'vitest'
import { PinNotFoundError, RateLimitedError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import { CircuitBreaker } from '../../../../src/upstream/breaker/circuit-breaker.ts'
import { verdictOf } from '../../../../src/upstream/breaker/verdict.ts'
import { EPOCH_MS, VirtualClock } from '../../../support/virtual-clock.ts'

const down = new ServiceUnavailableError('test answered 503', { service: 'test' })

function createBreaker() {
  const clock = new VirtualClock()
  const breaker = new CircuitBreaker('test', clock)
  /** The end of a call. */
  const end = (error: unknown, { isStale = false } = {}) =>
    breaker.end(error, { verdict: verdictOf(error), isStale, tenantKey: 'alice' })
  /** A trial that ends at once. */
  const tryOut = (error: unknown) => {
    breaker.trialSent()
    breaker.trialEnded()
    end(error)
  }
  const open = () => {
    for (let i = 0; i < 3; i++) end(down)
  }
  /** Milliseconds until the next trial. */
  const pauseMs = () => breaker.trialAt - clock.now()
  return { clock, breaker, end, tryOut, open, pauseMs }
}

describe('CircuitBreaker', () => {
  it('is closed and up as long as calls are answered, refusals included', () => {
    const { breaker, end } = createBreaker()
    end(null)
    for (let i = 0; i < 10; i++) end(new RateLimitedError('test', 1000))
    end(new PinNotFoundError('test', 'id'))
    expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed' })
    expect(breaker.refusal().cause).toBeNull()
  })

  it('is degraded after a failure, up again after an answer, and remembers the failure', () => {
    const { breaker, end } = createBreaker()
    end(down)
    expect(breaker.health).toMatchObject({ state: 'degraded', breaker: 'closed' })
    end(null)
    expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed' })
    expect(breaker.refusal().cause).toBe(down)
  })

  it('notes the date of its state by the clock, and not of each failure', async () => {
    const { clock, breaker, end } = createBreaker()
    expect(breaker.health.since).toBe(EPOCH_MS)
    for (let n = 0; n < 2; n++) {
      await clock.advance(1500)
      end(down)
    }
    expect(breaker.health).toMatchObject({ state: 'degraded', since: EPOCH_MS + 1500 })
  })

  it('opens after three failures in a row', () => {
    const { breaker, end, open } = createBreaker()
    end(down)
    end(down)
    end(null)
    end(down)
    end(down)
    expect(breaker.isOpen).toBe(false)
    open()
    expect(breaker.isOpen).toBe(true)
    expect(breaker.health).toMatchObject({ state: 'down', breaker: 'open' })
    expect(breaker.refusal().cause).toBe(down)
  })

  it('ignores the failure of a call that began before the last answer', () => {
    const { breaker, end } = createBreaker()
    end(null)
    for (let i = 0; i < 5; i++) end(down, { isStale: true })
    expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed' })
    expect(breaker.refusal().cause).toBe(down)
    end(down)
    end(down)
    expect(breaker.isOpen).toBe(false)
    end(down)
    expect(breaker.isOpen).toBe(true)
  })

  it('lets a trial go after half of the age of the outage, 0.1 to 1 s after the last one', async () => {
    const { breaker, clock, tryOut, open, pauseMs } = createBreaker()
    open()
    const sentAt: number[] = []
    while (clock.now() < 5_000) {
      await clock.advance(pauseMs())
      sentAt.push(clock.now())
      tryOut(down)
    }
    expect(sentAt.slice(0, 6)).toEqual([100, 200, 300, 450, 675, 1012.5])
    const pausesMs = sentAt.slice(1).map((at, n) => at - (sentAt[n] ?? 0))
    expect(pausesMs.filter((ms) => ms < 100 || ms > 1000)).toEqual([])
    expect(pausesMs.at(-1)).toBe(1000)
    expect(breaker.isOpen).toBe(true)
  })

  it('allows the next trial before the last one has ended, and is half open meanwhile', async () => {
    const { breaker, clock, end, open, pauseMs } = createBreaker()
    open()
    await clock.advance(100)
    breaker.trialSent()
    expect(pauseMs()).toBe(100)
    await clock.advance(100)
    breaker.trialSent()
    expect(breaker.health).toMatchObject({ state: 'down', breaker: 'half-open' })
    for (let i = 0; i < 2; i++) {
      breaker.trialEnded()
      end(down)
    }
    expect(breaker.health).toMatchObject({ state: 'down', breaker: 'open' })
  })

  it('closes after any answer, a refusal too, and forgets how long the outage was', async () => {
    const { breaker, clock, end, tryOut, open, pauseMs } = createBreaker()
    for (const answer of [null, new PinNotFoundError('test', 'id')]) {
      open()
      await clock.advance(60_000)
      tryOut(down)
      expect(pauseMs()).toBe(1000)
      tryOut(answer)
      expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed' })
    }
    open()
    expect(pauseMs()).toBe(100)
    end(null)
    expect(breaker.isOpen).toBe(false)
  })

  it('learns nothing from an aborted call: it neither opens nor closes the breaker', () => {
    const { breaker, end, tryOut } = createBreaker()
    const gone = new Error('the client went away')
    end(down)
    end(down)
    for (let i = 0; i < 10; i++) end(gone)
    expect(breaker.health.breaker).toBe('closed')
    // The third failure in a row, as if there had been no aborted calls.
    end(down)
    expect(breaker.health.breaker).toBe('open')
    tryOut(gone)
    expect(breaker.health).toMatchObject({ state: 'down', breaker: 'open' })
  })

  it('says when the next trial is due', async () => {
    const { breaker, clock, open } = createBreaker()
    open()
    const refusal = { code: 'SERVICE_UNAVAILABLE', message: 'test is down and is left alone for a moment', cause: down }
    expect(breaker.refusal()).toMatchObject({ ...refusal, mayHaveActed: false, retryAfterMs: 100 })
    await clock.advance(40)
    expect(breaker.refusal().retryAfterMs).toBe(60)
    await clock.advance(100)
    expect(breaker.refusal().retryAfterMs).toBe(1)
  })
})
