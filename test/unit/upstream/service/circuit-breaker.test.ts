import { describe, expect, it } from 'vitest'
import { PinNotFoundError, RateLimitedError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import { CircuitBreaker } from '../../../../src/upstream/service/circuit-breaker.ts'
import { deferred } from '../../../support/deferred.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const down = new ServiceUnavailableError('test answered 503', { service: 'test' })

function createBreaker() {
  const clock = new VirtualClock()
  const breaker = new CircuitBreaker('test', clock)
  const fail = (error: unknown = down) => breaker.run(() => Promise.reject(error)).catch((thrown: unknown) => thrown)
  const open = async () => {
    for (let i = 0; i < 5; i++) await fail()
  }
  return { clock, breaker, fail, open }
}

describe('CircuitBreaker', () => {
  it('is closed and up as long as calls are answered, refusals included', async () => {
    const { breaker, fail } = createBreaker()
    expect(await breaker.run(() => Promise.resolve('answer'))).toBe('answer')
    for (let i = 0; i < 10; i++) await fail(new RateLimitedError('test', 1000))
    expect(await fail(new PinNotFoundError('test', 'id'))).toBeInstanceOf(PinNotFoundError)
    expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed', lastError: null })
  })

  it('is degraded after a failure, up again after an answer, and remembers the failure', async () => {
    const { breaker, fail } = createBreaker()
    expect(await fail()).toBe(down)
    expect(breaker.health).toMatchObject({ state: 'degraded', breaker: 'closed', lastError: down })
    await breaker.run(() => Promise.resolve())
    expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed', lastError: down })
  })

  it('opens after five failures in a row, and no call is made then', async () => {
    const { breaker, fail, open } = createBreaker()
    for (let i = 0; i < 4; i++) await fail()
    await breaker.run(() => Promise.resolve())
    for (let i = 0; i < 4; i++) await fail()
    expect(breaker.health.breaker).toBe('closed')
    await open()
    expect(breaker.health).toMatchObject({ state: 'down', breaker: 'open', lastError: down })
    let calls = 0
    const call = breaker.run(async () => void calls++)
    const message = 'test is down and is left alone for a moment'
    await expect(call).rejects.toThrow(
      new ServiceUnavailableError(message, { service: 'test', retryAfterMs: 1000, cause: down }),
    )
    expect(() => breaker.check()).toThrow(ServiceUnavailableError)
    expect([calls, breaker.isRefusing]).toEqual([0, true])
  })

  it('says when the next call will be made, as long as it knows', async () => {
    const { breaker, clock, fail, open } = createBreaker()
    const refusal = async () => (await fail()) as ServiceUnavailableError
    expect((await refusal()).retryAfterMs).toBeNull()
    await open()
    expect(await refusal()).toMatchObject({ code: 'SERVICE_UNAVAILABLE', mayHaveActed: false, retryAfterMs: 1000 })
    await clock.advance(400)
    expect((await refusal()).retryAfterMs).toBe(600)
    expect(() => breaker.check()).toThrow(expect.objectContaining({ retryAfterMs: 600 }))

    await clock.advance(600)
    const answer = deferred()
    const trial = breaker.run(() => answer.promise)
    // Half open: it depends on the trial.
    expect(await refusal()).toMatchObject({ message: expect.stringContaining('is down'), retryAfterMs: null })
    answer.reject(down)
    await expect(trial).rejects.toBe(down)
    expect((await refusal()).retryAfterMs).toBe(2000)
  })

  it('tries with one call after a second whether the service is back, and refuses all others meanwhile', async () => {
    const { breaker, clock, open } = createBreaker()
    await open()
    await clock.advance(999)
    expect(breaker.isRefusing).toBe(true)
    await clock.advance(1)
    expect(breaker.isRefusing).toBe(false)

    const answer = deferred<string>()
    const trial = breaker.run(() => answer.promise)
    expect(breaker.health).toMatchObject({ state: 'down', breaker: 'half-open' })
    await expect(breaker.run(() => Promise.resolve('other'))).rejects.toBeInstanceOf(ServiceUnavailableError)
    answer.resolve('back')
    expect(await trial).toBe('back')
    expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed' })
    expect(await breaker.run(() => Promise.resolve('other'))).toBe('other')
  })

  it('leaves a service alone twice as long after each failed trial, up to thirty seconds', async () => {
    const { breaker, clock, fail, open } = createBreaker()
    await open()
    const pausesMs: number[] = []
    for (let i = 0; i < 7; i++) {
      const from = clock.now()
      while (breaker.isRefusing) await clock.advance(500)
      pausesMs.push(clock.now() - from)
      await fail()
    }
    expect(pausesMs).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  it('starts at one second again after the service was back', async () => {
    const { breaker, clock, fail, open } = createBreaker()
    await open()
    await clock.advance(1000)
    await fail()
    await clock.advance(2000)
    await breaker.run(() => Promise.resolve())
    await open()
    await clock.advance(1000)
    expect(breaker.isRefusing).toBe(false)
  })

  it('takes a refusal of a trial for an answer', async () => {
    const { breaker, clock, fail, open } = createBreaker()
    await open()
    await clock.advance(1000)
    expect(await fail(new PinNotFoundError('test', 'id'))).toBeInstanceOf(PinNotFoundError)
    expect(breaker.health).toMatchObject({ state: 'up', breaker: 'closed' })
  })

  it('learns nothing from an aborted call: it neither opens nor closes the breaker', async () => {
    const { breaker, clock, fail, open } = createBreaker()
    const gone = new Error('the client went away')
    for (let i = 0; i < 4; i++) await fail()
    for (let i = 0; i < 10; i++) expect(await fail(gone)).toBe(gone)
    expect(breaker.health.breaker).toBe('closed')
    await fail()
    expect(breaker.health.breaker).toBe('open')

    await open()
    await clock.advance(1000)
    for (let i = 0; i < 5; i++) {
      expect(await fail(gone)).toBe(gone)
      expect(breaker.health).toMatchObject({ state: 'down', breaker: 'open' })
      // The pause is no longer than before.
      await clock.advance(1000)
      expect(breaker.isRefusing).toBe(false)
    }
  })
})
