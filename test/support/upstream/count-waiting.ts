import type { RequestBudget } from '../../../src/upstream/budget/request-budget.ts'

/** A budget that tells how many calls wait for a permit. */
export interface CountedBudget extends RequestBudget {
  readonly waiting: number
}

/** Wraps a budget so that a test sees how many calls wait. */
export function countWaiting(budget: RequestBudget): CountedBudget {
  let waiting = 0
  return {
    acquire(request, options) {
      // The promise is handed on as it is, so that no call leaves a turn later.
      const permit = budget.acquire(request, options)
      const end = () => {
        waiting -= 1
      }
      waiting += 1
      permit.then(end, end)
      return permit
    },
    expectedWaitMs: (...args) => budget.expectedWaitMs(...args),
    refuse: (...args) => budget.refuse(...args),
    observe: (outcome) => budget.observe(outcome),
    endSharing: (tenantKey) => budget.endSharing(tenantKey),
    snapshot: (tenantKey) => budget.snapshot(tenantKey),
    get waiting() {
      return waiting
    },
    [Symbol.dispose]: () => budget[Symbol.dispose](),
  }
}
