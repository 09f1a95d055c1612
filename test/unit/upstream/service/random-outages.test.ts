import { describe, expect, it } from 'vitest'
import { PinqlError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import { FailedAnswerError } from '../../../../src/upstream/http/refusals.ts'
import type { Fate } from '../../../support/model/model-service.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'
import { LISTS, PER_SECOND, startCalls, unreachable, type What } from '../../../support/upstream/start-calls.ts'

const LIMITS = [PER_SECOND, LISTS, { ...LISTS, scope: 'token', endpoint: 'list' }] as const
const EVERY_MS = 200
/** Milliseconds between two calls at 30 a minute, behind a burst of 15. */
const PACE_MS = 4100
const SEEDS = [...Array(30).keys()].map((n) => n + 1)

type Outcome = ReturnType<ReturnType<typeof startCalls>['call']>

/** Good and broken accounts make calls of all kinds, over short outages and then a long one. */
async function runHistory(seed: number) {
  const random = seededRandom(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const calls = startCalls([pick(LIMITS)])
  const { clock, model, service, call } = calls
  const status = pick([500, 503])
  const failed = new FailedAnswerError(`model answered ${status}`, { service: 'model', status, mayHaveActed: false })
  const outage = pick<Fate>([
    { beforeMs: 1, refusal: unreachable },
    { beforeMs: 10_000, refusal: unreachable },
    { afterMs: 20, refusal: failed },
  ])
  const tenants = [...Array(1 + Math.floor(random() * 3)).keys()].map((n) => `good ${n}`)
  const broken = [...Array(Math.floor(random() * 4)).keys()].map((n) => `broken ${n}`)
  let isDown = false
  model.fate = (_, token) => {
    if (isDown) return outage
    return token.startsWith('broken') ? { afterMs: 20, refusal: failed } : { afterMs: 10 }
  }
  const made: (Outcome & { readonly isKnown: boolean; readonly what: What; readonly tenant: string })[] = []
  async function go(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += EVERY_MS) {
      const tenant = pick([...tenants, ...broken])
      const what = pick(['list', 'pin', 'remove', 'poll'] as const)
      const isKnown = service.health(tenant).breaker !== 'closed'
      made.push(Object.assign(call(what, { tenant, callerKey: pick(['x', 'y']) }), { isKnown, what, tenant }))
      await clock.advance(EVERY_MS)
    }
  }
  for (let n = 0; n < 5; n++) {
    await go(random() * 5000)
    isDown = true
    await go(400 + random() * 1500)
    isDown = false
  }
  isDown = true
  // At 30 a minute, calls that hang for 10 s are few for a minute.
  await go(90_000)
  const known = made.length
  model.requests.length = 0
  await go(30_000)
  const sentAt = model.requests.map(({ at }) => at)
  await clock.advance(0)
  isDown = false
  const backAt = clock.now()
  await go(2 * PACE_MS)
  await clock.advance(200_000)
  return { ...calls, broken, made, known, sentAt, backAt }
}

describe('over random outages, beside broken accounts', () => {
  it.each(SEEDS)('waiting calls always leave, and a dead service is left alone (seed %i)', async (seed) => {
    const { clock, service, broken, made, known, sentAt, backAt } = await runHistory(seed)
    const isTyped = ({ value }: Outcome): boolean => value === 'answer' || value instanceof PinqlError
    expect(made.filter((each) => !isTyped(each))).toEqual([])
    expect([service.budget.waiting, clock.pendingTimers]).toEqual([0, 0])
    // One request a second, or one a pace. A change that follows a probe is the second of one trial.
    expect(mostInAnyWindow(sentAt, 10_000)).toBeLessThanOrEqual(12)
    // A poll may be a trial, and so may a change that is not taken back.
    const reads = made.slice(known).filter(({ what, isKnown }) => isKnown && (what === 'list' || what === 'pin'))
    const unsent = reads.filter(({ value }) => value instanceof ServiceUnavailableError)
    expect(unsent.length).toBeGreaterThan(10)
    expect(Math.max(...unsent.map(({ tookMs = 0 }) => tookMs))).toBeLessThanOrEqual(5001)
    const good = made.filter(({ tenant, value }) => value === 'answer' && tenant.startsWith('good'))
    const first = Math.min(...good.map(({ endedAt = 0 }) => endedAt).filter((at) => at > backAt))
    // Every other trial is of a broken account.
    expect(first - backAt).toBeLessThanOrEqual(PACE_MS * (broken.length > 0 ? 2 : 1) + 100)
  })
})
