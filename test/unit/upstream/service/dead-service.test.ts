import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import { FailedAnswerError } from '../../../../src/upstream/http/refusals.ts'
import { cidOf, ModelService } from '../../../support/model/model-service.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'
import { createTestRegistry } from '../../../support/upstream/create-test-registry.ts'
import { LISTS, PER_SECOND, startCalls, unreachable, type What } from '../../../support/upstream/start-calls.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const TOKEN_LISTS: RateLimit = { ...LISTS, scope: 'token', endpoint: 'list' }
const failed = new FailedAnswerError('model answered 500', { service: 'model', status: 500, mayHaveActed: false })
/** Milliseconds between two calls at 30 a minute, behind a burst of 15. */
const PACE_MS = 4100

describe('a service that is down', () => {
  const kinds: readonly (readonly What[])[] = [
    ['pin', 'poll'],
    ['list', 'pin'],
    ['remove', 'poll'],
    ['list', 'pin', 'remove', 'poll'],
  ]
  const limits = { 'no lists left': TOKEN_LISTS, 'room for all': PER_SECOND }
  it.each(
    kinds.flatMap((each) =>
      [1, 4].flatMap((tenants) =>
        (['no lists left', 'room for all'] as const).flatMap((limit) =>
          ([unreachable, failed] as const).map(
            (how) => [each.join(' and '), tenants, limit, how.message, each, how] as const,
          ),
        ),
      ),
    ),
  )('gets one call a second at most: %s of %i tenants, %s, %s', async (_what, tenants, limit, _how, what, refusal) => {
    const { clock, model, call } = startCalls([limits[limit]])
    model.fate = () => ({ beforeMs: 1, refusal })
    const callAll = async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds * 4; n++) {
        for (let tenant = 0; tenant < tenants; tenant++) for (const each of what) call(each, { tenant: `t${tenant}` })
        await clock.advance(250)
      }
    }
    await callAll(60)
    model.requests.length = 0
    await callAll(60)
    const sentAt = model.requests.map(({ at }) => at)
    expect(sentAt.length).toBeGreaterThan(25)
    expect(mostInAnyWindow(sentAt, 10_000)).toBeLessThanOrEqual(11)
  })

  it.each([
    ['remove', 2_000],
    ['remove', 5_000],
    ['remove', 30_000],
    ['list', 2_000],
    ['list', 5_000],
    ['list', 30_000],
    ['pin', 5_000],
  ] as const)('is known to be back after one pace of 30 a minute at most (%s, after %i ms)', async (what, outageMs) => {
    for (const before of [0, 15, 20, 25]) {
      const { clock, trouble, call } = startCalls([LISTS])
      const calls = [...Array(before).keys()].map(() => call('list'))
      await clock.advance(1000)
      trouble.isDown = true
      const go = async (ms: number): Promise<void> => {
        for (let passedMs = 0; passedMs < ms; passedMs += 500) {
          calls.push(call(what))
          await clock.advance(500)
        }
      }
      await go(outageMs)
      trouble.isDown = false
      const waiting = calls.filter(({ value }) => value === undefined)
      await go(PACE_MS)
      expect([
        before,
        [...waiting, ...calls].some(
          ({ value, endedAt = 0 }) => value === 'answer' && endedAt > clock.now() - PACE_MS - 500,
        ),
      ]).toEqual([before, true])
    }
  })

  it('is waited for at the gate, also by calls that waited for the budget before', async () => {
    const { clock, service, trouble, call } = startCalls([LISTS])
    const calls = [...Array(20).keys()].map(() => call('list'))
    await clock.advance(1000)
    expect(service.budget.waiting).toBe(5)
    trouble.isDown = true
    for (let n = 0; n < 3; n++) call('remove')
    await clock.advance(500)
    expect([service.health('alice').state, service.budget.waiting]).toEqual(['down', 1])
    await clock.advance(5000)
    const late = calls.slice(15)
    expect(late.every(({ value }) => value instanceof ServiceUnavailableError)).toBe(true)
    expect(Math.max(...late.map(({ tookMs = 0 }) => tookMs))).toBeLessThanOrEqual(6000)
  })

  it('is said to be asked again when the budget allows it', async () => {
    const { clock, model, trouble, call } = startCalls([{ ...LISTS, limit: 5 }])
    trouble.isDown = true
    for (let n = 0; n < 3; n++) {
      call('poll')
      await clock.advance(20_000)
    }
    call('remove')
    await clock.advance(200)
    model.requests.length = 0
    const change = call('remove')
    await clock.advance(4500)
    const poll = call('poll')
    await clock.advance(0)
    const now = clock.now()
    const told = [change, poll].map(({ value }) =>
      value instanceof ServiceUnavailableError ? (value.retryAfterMs ?? 0) : 0,
    )
    await clock.advance(30_000)
    const next = model.requests.map(({ at }) => at - now).find((ms) => ms > 0) ?? 0
    expect(next).toBeGreaterThan(1000)
    for (const ms of told) expect(Math.abs(ms - next)).toBeLessThan(100)
  })
})

describe('a lookup that begins while its service is known to hang', () => {
  it.each([1, 2, 3])('ends within 5 s, whatever it waits for (seed %i)', async (seed) => {
    const clock = new VirtualClock(1000)
    const model = new ModelService({ clock })
    let isDown = false
    model.fate = () => (isDown ? { beforeMs: 10_000, refusal: unreachable } : { afterMs: 20 })
    const settings = {
      name: 'model',
      endpoint: 'http://model.invalid',
      token: null,
      provider: null,
      limits: [TOKEN_LISTS],
    }
    const registry = createTestRegistry([settings], 'model', {
      clock,
      connect: model.connect,
      random: seededRandom(seed),
    })
    const random = seededRandom(seed + 10)
    const late: string[] = []
    for (let n = 0; n < 1200; n++) {
      isDown = n >= 50
      const tenant = registry.tenant('model', `t${Math.floor(random() * 2)}`)
      const since = clock.now()
      const isKnown = registry.get('model').health().breaker !== 'closed'
      const end = (): void => {
        const tookMs = clock.now() - since
        if (isKnown && tookMs > 5001) late.push(`begun at ${since}, took ${tookMs}`)
      }
      const kind = random()
      const made =
        kind < 0.4
          ? tenant.reads.listPins({ statuses: ['pinned'], limit: 10, name: `n${n}` })
          : kind < 0.8
            ? tenant.lookupContent(cidOf(n))
            : tenant.getPin(`r${n}`)
      made.then(end, end)
      await clock.advance(100)
    }
    await clock.advance(60_000)
    expect(late).toEqual([])
  })
})
