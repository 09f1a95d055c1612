import { describe, expect, it } from 'vitest'
import {
  BadRequestError,
  PinNotFoundError,
  RateLimitedError,
  ServiceUnavailableError,
} from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallOptions } from '../../../../src/upstream/http/client.ts'
import type { ServiceCall } from '../../../../src/upstream/service/service-call.ts'
import { deferred } from '../../../support/deferred.ts'
import { countTenants } from '../../../support/upstream/budget-harness.ts'
import { createService } from '../../../support/upstream/create-service.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const PLENTY: RateLimit = { limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }
const LISTS: RateLimit = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }

const unavailable = (mayHaveActed = false) =>
  new ServiceUnavailableError('test answered 503', { service: 'test', mayHaveActed })

/** Tells the service of an answer, as its client does. */
function answer(options: CallOptions, status: number, headers: Record<string, string> = {}): void {
  options.onAnswer?.({ status, headers: new Map(Object.entries(headers)), text: '' })
}

function startService(limits: readonly RateLimit[] = [PLENTY], timeoutMs?: number, random?: () => number) {
  const clock = new VirtualClock(1000)
  const service = createService(
    { name: 'test', endpoint: 'http://127.0.0.1:9', token: null, provider: null, limits },
    { clock, timeoutMs, random },
  )
  /** A call whose tries go as scripted; what is missing succeeds. */
  function call(script: readonly unknown[], more: Partial<ServiceCall<string>> = {}) {
    const sentAt: number[] = []
    const outcome: { value?: unknown } = {}
    const made = service
      .call({
        tenantKey: 'alice',
        token: 'token',
        endpoint: 'list',
        class: 'interactive',
        isRepeatable: true,
        send: async (_client, options) => {
          const next = script[sentAt.length]
          sentAt.push(clock.now())
          options.onSent?.()
          if (next instanceof RateLimitedError) {
            answer(options, 429, { 'retry-after': String(next.retryAfterMs / 1000) })
          }
          if (next !== undefined) throw next
          return 'answer'
        },
        ...more,
      })
      .then(
        (value) => {
          outcome.value = value
        },
        (error: unknown) => {
          outcome.value = error
        },
      )
    return { sentAt, outcome, made }
  }
  return { clock, service, call }
}

describe('Service.call', () => {
  it('sends in the same turn where the budget is idle', async () => {
    const { clock, call } = startService()
    const { sentAt, outcome, made } = call([])
    await Promise.resolve()
    await Promise.resolve()
    expect([sentAt, clock.now()]).toEqual([[1000], 1000])
    await made
    expect(outcome.value).toBe('answer')
  })

  it('repeats what may be repeated after 0 to 200, then 0 to 400 ms, three tries in all', async () => {
    const { clock, call, service } = startService([PLENTY], undefined, () => 0.5)
    const { sentAt, outcome } = call([unavailable(), unavailable(), unavailable(), undefined])
    // Others are answered meanwhile, so that the service is not down.
    for (let passedMs = 0; passedMs < 1000; passedMs += 50) {
      call([])
      await clock.advance(50)
    }
    expect(sentAt).toEqual([1000, 1100, 1300])
    expect(outcome.value).toEqual(unavailable())
    expect(service.health('alice').state).toBe('up')
  })

  it('completes the trial of a service that was down, even if every client leaves early', async () => {
    const { clock, service, call } = startService([PLENTY], undefined, () => 0)
    for (let n = 0; n < 3; n++) await call([unavailable(true)], { isRepeatable: false }).made
    expect(service.health('alice').state).toBe('down')
    await clock.advance(100)

    const client = new AbortController()
    const answered = deferred<string>()
    const signals: unknown[] = []
    const trial = call([], {
      signal: client.signal,
      send: (_client, { signal }) => {
        signals.push(signal?.aborted)
        client.abort(new Error('the client has left'))
        signals.push(signal?.aborted)
        return answered.promise
      },
    })
    await trial.made
    expect([trial.outcome.value, signals]).toEqual([new Error('the client has left'), [false, false]])
    answered.resolve('answer')
    await clock.advance(0)
    expect(service.health('alice').state).toBe('up')
  })

  it('does not repeat a request that may have taken effect, unless it is repeatable', async () => {
    const { clock, call } = startService()
    const change = { endpoint: 'write', class: 'mutation' } as const
    const add = call([unavailable(true)], { ...change, isRepeatable: false })
    const remove = call([unavailable(true)], { ...change, isRepeatable: true })
    await clock.advance(1000)
    const unsent = call([unavailable(false)], { ...change, isRepeatable: false })
    await clock.advance(1000)
    expect([add.sentAt.length, remove.sentAt.length, unsent.sentAt.length]).toEqual([1, 2, 2])
    expect([add.outcome.value, remove.outcome.value, unsent.outcome.value]).toEqual([
      unavailable(true),
      'answer',
      'answer',
    ])
  })

  it('does not repeat a refusal', async () => {
    const { clock, call } = startService()
    const refusals = [new PinNotFoundError('test', 'id'), new BadRequestError('no'), new Error('a bug')]
    const calls = refusals.map((error) => call([error]))
    await clock.advance(1000)
    expect(calls.map(({ sentAt, outcome }) => [sentAt.length, outcome.value])).toEqual(refusals.map((e) => [1, e]))
  })

  it('waits as long as a 429 says and retries any operation, if its deadline allows', async () => {
    const { clock, call } = startService()
    const add = call([new RateLimitedError('test', 3000)], { endpoint: 'write', isRepeatable: false })
    await clock.advance(2999)
    expect(add.sentAt).toEqual([1000])
    expect(add.outcome.value).toBe(undefined)
    // The budget adds a little, so that not all go on in the same moment.
    await clock.advance(1000)
    expect([add.sentAt.length, add.outcome.value]).toEqual([2, 'answer'])
  })

  it('fails at once when a 429 asks for a longer wait than the deadline allows', async () => {
    const { clock, call } = startService()
    const { sentAt, outcome } = call([new RateLimitedError('test', 60_000)])
    await clock.advance(0)
    expect(sentAt).toEqual([1000])
    expect(outcome.value).toBeInstanceOf(RateLimitedError)
    expect((outcome.value as RateLimitedError).retryAfterMs).toBeGreaterThanOrEqual(60_000)
  })

  it('fails at once, without back-off, when its own budget has no room in time', async () => {
    const { clock, call } = startService([LISTS])
    const calls = Array.from({ length: 24 }, () => call([]))
    await clock.advance(0)
    const refused = calls.filter(({ outcome }) => outcome.value instanceof RateLimitedError)
    // Half of the limit at once, and one every 4 s, until those leave the window, for the 22 s that a read may wait.
    expect(refused.length).toBe(4)
    const retryAfterMs = refused.map(({ outcome }) => (outcome.value as RateLimitedError).retryAfterMs)
    expect(retryAfterMs).toEqual([25_450, 29_740, 34_030, 38_319].map((ms) => expect.closeTo(ms, -1)))
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(24_000)
    expect(calls.map(({ sentAt }) => sentAt.length)).toEqual([...Array(20).fill(1), 0, 0, 0, 0])
  })

  it.each<[string, Partial<ServiceCall<string>>, number[]]>([
    // Each try ends at its deadline. What is left then is less than the pause before the third.
    ['read', { endpoint: 'list', class: 'interactive' }, [1000, 1000, 350]],
    ['poll', { endpoint: 'list', class: 'live' }, [1000]],
    ['add', { endpoint: 'write', class: 'mutation', isRepeatable: false }, [1000]],
  ])('gives each try of a %s its time, and makes none that has too little', async (_what, more, expected) => {
    const { clock, call } = startService([PLENTY], 1000, () => 0.25)
    const timeouts: number[] = []
    const slow = call([], {
      ...more,
      send: async (_client, { timeoutMs = 0 }) => {
        timeouts.push(timeoutMs)
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, timeoutMs))
        throw unavailable()
      },
    })
    await clock.advance(2500)
    expect(timeouts).toEqual(expected)
    expect(slow.outcome.value).toEqual(unavailable())
  })

  it('counts its deadline from the moment of the call', async () => {
    const { clock, call, service } = startService([LISTS])
    await clock.advance(8000)
    for (let n = 0; n < 15; n++) call([])
    expect(service.lastStartOf(clock.now()) - clock.now()).toBe(22_000)
    const late = call([], { askedAt: clock.now() - 20_000 })
    await clock.advance(0)
    expect(late.outcome.value).toBeInstanceOf(RateLimitedError)
  })

  it('rejects with the reason of an abort: while it waits for budget, while it backs off, before it is sent', async () => {
    const { clock, call, service } = startService([{ ...LISTS, limit: 20, endpoint: 'all' }], undefined, () => 1)
    for (let n = 0; n < 9; n++) call([])
    const gone = new Error('went away')
    const leave = () => new AbortController()
    const [early, waiting, backingOff] = [leave(), leave(), leave()]
    early.abort(gone)
    const outcomes = [
      call([], { signal: early.signal }),
      call([unavailable()], { signal: backingOff.signal }),
      call([], { signal: waiting.signal }),
    ]
    await clock.advance(100)
    expect(service.budget.waiting).toBe(1)
    waiting.abort(gone)
    backingOff.abort(gone)
    await Promise.all(outcomes.map(({ made }) => made))
    expect(outcomes.map(({ outcome, sentAt }) => [outcome.value, sentAt.length])).toEqual([
      [gone, 0],
      [gone, 1],
      [gone, 0],
    ])
    expect(service.budget.waiting).toBe(0)
  })

  it('does not take a refusal of its own budget for an answer of the service', async () => {
    const { clock, call, service } = startService([{ ...LISTS, limit: 60, endpoint: 'all' }], 1000)
    for (let i = 0; i < 3; i++) {
      const failed = call([unavailable(true)], { isRepeatable: false, class: 'mutation' })
      await clock.advance(i < 2 ? 1500 : 0)
      await failed.made
    }
    expect(service.health('alice').breaker).toBe('open')
    await clock.advance(1000)
    service.budget.observe({
      tenantKey: 'alice',
      endpoint: 'list',
      status: 429,
      retryAfterMs: 30_000,
      grantedAt: clock.now(),
    })
    const refused = call([])
    await clock.advance(4500)
    expect(refused.outcome.value).toMatchObject({ code: 'SERVICE_UNAVAILABLE', mayHaveActed: false })
    expect(refused.sentAt).toEqual([])
    expect(service.health('alice')).toMatchObject({ state: 'down', breaker: 'open' })
  })

  it('does not open the breaker for refusals, one after the other', async () => {
    const { clock, call, service } = startService()
    for (let i = 0; i < 10; i++) call([new BadRequestError('no')])
    for (let i = 0; i < 10; i++) call([new RateLimitedError('test', 1)], { tenantKey: `tenant ${i}` })
    await clock.advance(1000)
    expect(service.health('alice')).toMatchObject({ state: 'up', breaker: 'closed', lastError: null })
  })

  it('delays only the tenant and the endpoint of a 429', async () => {
    const { clock, call } = startService([LISTS, { ...LISTS, endpoint: 'item' }])
    const paused = call([new RateLimitedError('test', 5000)])
    await clock.advance(100)
    const others = [call([], { endpoint: 'item' }), call([], { tenantKey: 'bob' })]
    await clock.advance(0)
    expect(others.map(({ outcome }) => outcome.value)).toEqual(['answer', 'answer'])
    expect(paused.outcome.value).toBe(undefined)
    await clock.advance(7900)
    expect(paused.outcome.value).toBe('answer')
  })

  it('leaves no timer behind, whatever became of its calls', async () => {
    const kept = countTenants()
    const { clock, call, service } = startService([{ ...LISTS, endpoint: 'all' }])
    for (let i = 0; i < 10; i++) call(i % 2 ? [] : [unavailable()])
    await clock.advance(600_000)
    expect([clock.pendingTimers, kept()]).toEqual([0, 0])
    await service[Symbol.asyncDispose]()
  })
})
