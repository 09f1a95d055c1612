import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError, UnauthorizedError } from '../../../../src/domain/errors.ts'
import { FailedAnswerError } from '../../../../src/upstream/http/refusals.ts'
import { LISTS, ONE_LIST, PER_SECOND, startCalls, unreachable } from '../../../support/upstream/start-calls.ts'

const failed = (status: number) =>
  new FailedAnswerError(`model answered ${status}`, { service: 'model', status, mayHaveActed: false })

describe('a call', () => {
  it('that changes something is not reported as unsent if it was sent as a trial', async () => {
    const { clock, model, call, goDown, trouble, operations } = startCalls(ONE_LIST)
    await goDown()
    const change = call('remove')
    await clock.advance(3000)
    trouble.isDown = false
    model.fate = (operation) => ({ beforeMs: operation === 'add' ? 6000 : 0, afterMs: 10 })
    await clock.advance(5000)
    expect([change.value, operations().at(-1)]).toEqual([undefined, 'add'])
    await clock.advance(3000)
    expect(change.value).toBe('answer')
  })

  it('is let through to a service that is back, however greedy others are', async () => {
    const { clock, model, call } = startCalls()
    model.fate = (_, token) => (token === 'alice' ? { refusal: failed(500) } : { afterMs: 10 })
    for (let n = 0; n < 3; n++) call('poll')
    await clock.advance(100)
    const calls: ReturnType<typeof call>[] = []
    for (let n = 0; n < 3000; n++) {
      for (let greedy = 0; greedy < 2; greedy++) call('list', { tenant: 'bob' })
      if (n === 100) model.fate = () => ({ afterMs: 10 })
      if (n > 200 && n % 10 === 0) calls.push(call('list'))
      await clock.advance(10)
    }
    await clock.advance(3000)
    const answered = calls.filter(({ value }) => value === 'answer')
    expect(answered.length).toBeGreaterThan(0.9 * calls.length)
  })

  it('is not delayed by a poll without room in the budget', async () => {
    const { clock, trouble, call, goDown } = startCalls(ONE_LIST)
    await goDown()
    call('poll')
    await clock.advance(1000)
    trouble.isDown = false
    const changes = [...Array(20).keys()].map(() => call('remove'))
    await clock.advance(3000)
    expect(changes.filter(({ value }) => value !== 'answer')).toEqual([])
  })

  it('is sent at most four times if only other calls are answered', async () => {
    const { clock, model, call, operations } = startCalls()
    model.fate = (operation) => (operation === 'add' ? { afterMs: 10, refusal: failed(503) } : { afterMs: 10 })
    const changes: ReturnType<typeof call>[] = []
    for (let n = 0; n < 100; n++) {
      changes.push(call('remove'))
      call('list')
      await clock.advance(250)
    }
    await clock.advance(10_000)
    expect(changes.every(({ value }) => value instanceof ServiceUnavailableError)).toBe(true)
    expect(operations().filter((operation) => operation === 'add').length).toBeLessThanOrEqual(400)
  })

  it.each([500, 503])('that changes something is not shut out where only lists fail (%i)', async (status) => {
    const { clock, model, call } = startCalls()
    model.fate = (operation) => (operation === 'list' ? { afterMs: 10, refusal: failed(status) } : { afterMs: 10 })
    for (let n = 0; n < 3; n++) call('poll')
    await clock.advance(100)
    const changes: ReturnType<typeof call>[] = []
    for (let n = 0; n < 100; n++) {
      changes.push(call('remove'))
      await clock.advance(250)
    }
    expect(changes.filter(({ value }) => value !== 'answer')).toEqual([])
  })

  it('may wait for the full time in each outage', async () => {
    const { clock, model, call, goDown } = startCalls()
    await goDown()
    let isFirst = true
    model.fate = () => {
      if (!isFirst) return { afterMs: 10 }
      isFirst = false
      return { beforeMs: 4500, refusal: unreachable }
    }
    const trial = call('list')
    await clock.advance(250)
    call('list')
    await clock.advance(4100)
    model.fate = () => ({ refusal: unreachable })
    for (let n = 0; n < 3; n++) call('poll')
    await clock.advance(1500)
    expect(trial.value).toBe(undefined)
    model.fate = () => ({ afterMs: 10 })
    await clock.advance(1500)
    expect(trial.value).toBe('answer')
  })
})

describe('a service that is down', () => {
  const tenants = [...Array(50).keys()].map((n) => `tenant ${n}`)

  it.each([500, 503])('for everybody gets one call a second of all tenants together (%i)', async (status) => {
    const { clock, model, call } = startCalls([{ ...PER_SECOND, limit: 1000 }])
    model.fate = () => ({ afterMs: 10, refusal: failed(status) })
    const callAll = async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds; n++) {
        for (const tenant of tenants) call('list', { tenant })
        await clock.advance(1000)
      }
    }
    await callAll(20)
    model.requests.length = 0
    await callAll(20)
    expect(model.requests.length).toBeLessThanOrEqual(21)
  })

  it('is not taken to be back because it refuses a token', async () => {
    const { clock, model, call } = startCalls()
    model.fate = (_, token) => ({
      afterMs: 10,
      refusal: token === 'mallory' ? new UnauthorizedError('no', { service: 'model' }) : failed(503),
    })
    for (let n = 0; n < 600; n++) {
      for (const tenant of ['alice', 'bob', 'mallory']) call('list', { tenant })
      await clock.advance(100)
    }
    expect(model.requests.length).toBeLessThan(90)
  })

  it('is left at once by all calls when pinql stops, those in flight too', async () => {
    const { clock, service, call, trouble } = startCalls([LISTS])
    trouble.isDown = true
    trouble.hangsMs = 5000
    const calls = [call('list'), call('list'), call('remove'), call('list')]
    await clock.advance(10)
    await service[Symbol.asyncDispose]()
    await clock.advance(5000)
    expect(calls.every(({ value }) => value instanceof ServiceUnavailableError)).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })
})
