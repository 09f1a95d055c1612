import { createMemoryBudget } from '../../../src/upstream/budget/create-memory-budget.ts'
import { ASSUMED_LIMITS, type RateLimit } from '../../../src/upstream/budget/rate-limit.ts'
import type {
  CallRequest,
  ObservedAnswer,
  RequestBudget,
  SharedTurnOf,
} from '../../../src/upstream/budget/request-budget.ts'
import { TenantShare } from '../../../src/upstream/budget/tenant-share.ts'
import { countInHeap, summariesInHeap } from '../count-in-heap.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { type CountedBudget, countWaiting } from './count-waiting.ts'

export const ADDRESS: RateLimit = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }
export const LISTS: RateLimit = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }

export const FOREVER = Number.POSITIVE_INFINITY

/** A budget whose requests are sent in the turn in which they get their permit. An answer is of a request that was sent now. */
export interface PromptBudget extends CountedBudget {
  observe(outcome: Omit<ObservedAnswer, 'grantedAt'> & Partial<ObservedAnswer>): void
}

/** Without limits, those are assumed that a stranger has. */
export function createBudget(...limits: RateLimit[]) {
  const clock = new VirtualClock(1000)
  return { clock, budget: createBudgetAt(clock, limits.length > 0 ? limits : ASSUMED_LIMITS) }
}

/** @param sharedTurnOf Default: each tenant has a turn of its own. */
export function createBudgetAt(
  clock: VirtualClock,
  limits: readonly RateLimit[],
  sharedTurnOf?: SharedTurnOf,
): PromptBudget {
  const budget = createMemoryBudget({ serviceName: 'test', clock, limits, sharedTurnOf })
  const counted = countWaiting(budget)
  const { acquire } = counted
  return Object.assign(counted, {
    acquire(...args: Parameters<RequestBudget['acquire']>) {
      const permit = acquire(...args)
      permit.then(
        (granted) => granted.sent(),
        () => {},
      )
      return permit
    },
    observe: (outcome: Omit<ObservedAnswer, 'grantedAt'> & Partial<ObservedAnswer>) =>
      budget.observe({ grantedAt: clock.now(), ...outcome }),
  })
}

/**
 * Begins to count the tenants that budgets keep in memory. Returns a function that tells how many there are more than now.
 *
 * Budgets of earlier tests may go meanwhile, so it tells 0 for fewer.
 */
export function countTenants(): () => number {
  const before = countInHeap(TenantShare)
  return () => Math.max(0, countInHeap(TenantShare) - before)
}

/** Returns whether any budget keeps a tenant in memory. No other test may use the same key. */
export function isKept(tenantKey: string): boolean {
  return summariesInHeap(TenantShare).some((summary) => summary.includes(`key: '${tenantKey}'`))
}

export const list = (tenant: string, requestClass: CallRequest['class'] = 'interactive'): CallRequest => ({
  tenantKey: tenant,
  endpoint: 'list',
  class: requestClass,
})

/** Asks, and tells how it ended so far: `waits`, `granted`, or the error. */
export function ask(budget: RequestBudget, call: CallRequest, deadline = FOREVER, signal?: AbortSignal) {
  const asked: { outcome: unknown } = { outcome: 'waits' }
  budget.acquire({ ...call, deadline }, signal ? { signal } : {}).then(
    () => {
      asked.outcome = 'granted'
    },
    (error) => {
      asked.outcome = error
    },
  )
  return asked
}

export const settled = () => new Promise((resolve) => setImmediate(resolve))

/** Uses up what may leave at once. */
export async function saturate(budget: RequestBudget, call: CallRequest) {
  while (budget.expectedWaitMs(call) === 0) await budget.acquire({ ...call, deadline: FOREVER })
}

/** One call that left. */
export interface Departure extends CallRequest {
  readonly at: number
  readonly waitedMs: number
}

/**
 * Keeps `width` calls of each kind waiting for as long as the budget lives: each one that leaves asks again at once.
 *
 * @param log every call that left, added to as time goes on
 */
export function askGreedily(budget: RequestBudget, log: Departure[], calls: readonly CallRequest[], width = 3): void {
  for (const call of calls) {
    for (let i = 0; i < width; i++) {
      const ask = (): Promise<void> =>
        budget.acquire({ ...call, deadline: Number.POSITIVE_INFINITY }).then(({ grantedAt, waitedMs }) => {
          log.push({ ...call, at: grantedAt, waitedMs })
          return ask()
        })
      // Rejects only when the budget is disposed.
      ask().catch(() => {})
    }
  }
}
