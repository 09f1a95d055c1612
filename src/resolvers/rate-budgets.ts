import type { RateBudget } from '../upstream/budget/request-budget.ts'
import type { PinningService } from '../upstream/service/service.ts'
import type { GatewayContext } from './context.ts'

/** A limit, with the time of its reset as clients read it. */
export interface RateBudgetNow extends RateBudget {
  /** RFC 3339. */
  readonly resetsAt: string
}

/** What is left of a service's limits, as the caller sees it: the limits of other tokens are nobody's business. */
export function rateBudgets(service: PinningService, context: GatewayContext): RateBudgetNow[] {
  const tenant = context.mayUse(service.name) ? context.tenant(service.name).key : undefined
  const now = Date.now()
  return service.budgets(tenant).map((budget) => ({
    ...budget,
    resetsAt: new Date(now + budget.resetsInMs).toISOString(),
  }))
}
