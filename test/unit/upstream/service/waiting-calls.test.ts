import { afterEach, describe, expect, it, vi } from 'vitest'
import { PinqlError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'
import { LISTS, ONE_LIST, startCalls, unreachable } from '../../../support/upstream/start-calls.ts'

function isDown(value: unknown): boolean {
  return value instanceof PinqlError && value.code === 'SERVICE_UNAVAILABLE'
}

afterEach(() => vi.restoreAllMocks())

describe('calls to a service that is down', () => {
  it('wait, use no budget, and go on when one of them was answered', async () => {
    const { clock, service, trouble, call, goDown, operations } = startCalls()
    await goDown()
    const calls = [...Array(20).keys()].map((n) => call(n % 2 ? 'list' : 'remove'))
    await clock.advance(0)
    await clock.advance(900)
    expect(calls.filter(({ value }) => value !== undefined)).toEqual([])
    expect([service.budget.waiting, operations()]).toEqual([0, ['list', 'list']])
    trouble.isDown = false
    await clock.advance(2000)
    expect(calls.every(({ value }) => value === 'answer')).toBe(true)
    expect(service.health('alice').state).toBe('up')
  })

  it('end in a typed error within 5 s where it does not come back', async () => {
    for (const hangsMs of [0, 20_000]) {
      const { clock, call, goDown, trouble } = startCalls()
      await goDown()
      trouble.hangsMs = hangsMs
      const calls = [...Array(20).keys()].map((n) => call(n % 2 ? 'list' : 'remove'))
      await clock.advance(5000)
      expect(calls.every(({ value }) => value instanceof ServiceUnavailableError && !value.mayHaveActed)).toBe(true)
      await clock.advance(60_000)
      expect(clock.pendingTimers).toBe(0)
    }
  })

  it('send at most one request a second, however many calls wait, and go on within two seconds of recovery', async () => {
    const { clock, model, trouble, call, goDown } = startCalls()
    await goDown()
    await clock.advance(2000)
    const calls: ReturnType<typeof call>[] = []
    for (let n = 0; n < 1200; n++) {
      calls.push(call(n % 3 ? 'list' : 'remove', { tenant: 'alice' }), call('poll'))
      await clock.advance(100)
    }
    const askedAt = model.requests.map(({ at }) => at)
    expect(askedAt.length).toBeGreaterThan(100)
    expect(Math.min(...askedAt.slice(1).map((at, n) => at - (askedAt[n] ?? 0)))).toBeGreaterThanOrEqual(1000)
    expect(calls.every(({ value }) => value === undefined || value instanceof PinqlError)).toBe(true)
    trouble.isDown = false
    // Those that came earlier may leave before the next trial.
    const waiting = calls.slice(-50).filter(({ value }) => value === undefined)
    await clock.advance(2000)
    expect(waiting.length).toBeGreaterThan(0)
    expect(waiting.filter(({ value }) => value !== 'answer')).toEqual([])
  })

  it('never ask faster than the budget allows', async () => {
    const { clock, model, service, trouble, call } = startCalls([LISTS])
    trouble.isDown = true
    for (let polls = 0; polls < 2; polls++) {
      call('poll')
      await clock.advance(8000)
    }
    expect(service.health('alice').state).toBe('down')
    for (let n = 0; n < 600; n++) {
      call(n % 2 ? 'list' : 'remove')
      await clock.advance(100)
    }
    const askedAt = model.requests.map(({ at }) => at)
    expect(askedAt.length).toBeGreaterThan(25)
    const paces = askedAt.slice(1).map((at, n) => at - (askedAt[n] ?? 0))
    expect(Math.min(...paces)).toBeGreaterThanOrEqual(2000)
    expect(mostInAnyWindow(askedAt, 60_000)).toBeLessThanOrEqual(30)
  })

  it.each(['list', 'remove'] as const)(
    'wait for room in the budget before a trial, without trying in a busy loop (%s)',
    async (what) => {
      // A slot every six seconds: longer than a call waits.
      const { clock, service, trouble, call } = startCalls([{ ...LISTS, limit: 10 }])
      trouble.isDown = true
      for (let n = 0; n < 3; n++) {
        call('poll')
        await clock.advance(10_000)
      }
      expect(service.health('alice').state).toBe('down')
      const acquire = vi.spyOn(service.budget, 'acquire')
      const calls: ReturnType<typeof call>[] = []
      for (let n = 0; n < 60; n++) {
        calls.push(call(what))
        await clock.advance(500)
      }
      expect(acquire.mock.calls.length).toBeLessThan(30)
      expect(calls.filter(({ value }) => value !== undefined).every(({ value }) => isDown(value))).toBe(true)
      expect(Math.max(...calls.map(({ tookMs = 0 }) => tookMs))).toBeLessThanOrEqual(5000)
      trouble.isDown = false
      const waiting = calls.filter(({ value }) => value === undefined)
      await clock.advance(12_000)
      expect(waiting.some(({ value }) => value === 'answer')).toBe(true)
    },
  )

  it('let other trials start while one has no answer. Its caller gives up after 4.7 s, and the trial goes on', async () => {
    const { clock, service, trouble, call, goDown, operations } = startCalls()
    await goDown()
    trouble.hangsMs = 8000
    const first = call('list')
    await clock.advance(0)
    expect(operations()).toEqual(['list'])
    await clock.advance(4600)
    expect(first.value).toBe(undefined)
    await clock.advance(100)
    expect(first).toMatchObject({ tookMs: 4700, value: { code: 'SERVICE_UNAVAILABLE' } })
    const second = call('list')
    trouble.isDown = false
    await clock.advance(1100)
    expect(second.value).toBe('answer')
    // The late failure of the first trial shows how things were before.
    await clock.advance(10_000)
    expect(service.health('alice').state).toBe('up')
  })

  it('are probed with the shortest list where only changes wait', async () => {
    const { clock, trouble, call, goDown, operations } = startCalls()
    await goDown()
    const changes = [call('remove'), call('remove')]
    await clock.advance(500)
    expect(new Set(operations())).toEqual(new Set(['list']))
    trouble.isDown = false
    await clock.advance(1100)
    expect(changes.map(({ value }) => value)).toEqual(['answer', 'answer'])
    expect(operations().filter((operation) => operation === 'add')).toHaveLength(2)
  })

  it('are probed with an unknown pin if the budget has no room for lists, and then one change is tried', async () => {
    const { clock, service, trouble, call, goDown, operations } = startCalls(ONE_LIST)
    await goDown()
    const changes = [call('remove'), call('remove')]
    const list = call('list')
    await clock.advance(1500)
    expect(new Set(operations())).toEqual(new Set(['get']))
    trouble.isDown = false
    await clock.advance(1100)
    expect(changes.map(({ value }) => value)).toEqual(['answer', 'answer'])
    expect([operations().slice(-3), service.health('alice').state]).toEqual([['get', 'add', 'add'], 'up'])
    // It has to wait for longer than it may.
    expect(list.value).toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('stay blocked if only requests for an unknown pin are answered', async () => {
    const { clock, model, service, trouble, call, goDown, operations } = startCalls(ONE_LIST)
    await goDown()
    trouble.isDown = false
    model.fate = (operation) => (operation === 'get' ? { afterMs: 10 } : { afterMs: 10, refusal: unreachable })
    for (let n = 0; n < 100; n++) {
      call('remove')
      await clock.advance(100)
    }
    expect(service.health('alice').state).toBe('down')
    // After each answer one change: the pauses are a second long by then.
    expect(operations().length).toBeLessThan(40)
  })

  it('never wait if they are polls', async () => {
    const { clock, call, goDown, operations } = startCalls()
    await goDown()
    const polls = [call('poll'), call('poll')]
    await clock.advance(0)
    expect(polls.map(({ value, tookMs }) => [(value as PinqlError).code, tookMs])).toEqual([
      ['SERVICE_UNAVAILABLE', 0],
      ['SERVICE_UNAVAILABLE', 0],
    ])
    // The first one was the trial that was due.
    expect(operations()).toEqual(['list'])
  })

  it('leave as soon as their callers have left', async () => {
    const { clock, call, goDown } = startCalls()
    await goDown()
    const caller = new AbortController()
    const change = call('remove', { signal: caller.signal })
    await clock.advance(10)
    caller.abort('gone')
    await clock.advance(0)
    expect(change.value).toBe('gone')
  })

  it('end when pinql stops', async () => {
    const { clock, service, call, goDown } = startCalls()
    await goDown()
    const calls = [call('remove'), call('list')]
    await clock.advance(10)
    await service[Symbol.asyncDispose]()
    await clock.advance(0)
    expect(calls.every(({ value }) => value instanceof ServiceUnavailableError)).toBe(true)
    await clock.advance(20_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('of an account that always fails do not hold back calls of others', async () => {
    const { clock, model, call } = startCalls()
    model.fate = (_operation, token) =>
      token === 'mallory'
        ? { refusal: new ServiceUnavailableError('model answered 500', { service: 'model' }) }
        : { afterMs: 10 }
    const calls: ReturnType<typeof call>[] = []
    for (let n = 0; n < 100; n++) {
      call('list', { tenant: 'mallory' })
      calls.push(call('list', { tenant: 'alice' }), call('remove', { tenant: 'bob' }))
      await clock.advance(50)
    }
    expect(calls.filter(({ value }) => value !== 'answer')).toEqual([])
    expect(Math.max(...calls.map(({ tookMs = 0 }) => tookMs))).toBeLessThan(200)
  })
})
