import type { LimitUsage } from '../upstream/budget/request-budget.ts'
import type { GatewayContext } from './context.ts'

/** A limit of a service as clients see it. */
export interface RateBudgetFields extends Omit<LimitUsage, 'resetsInMs'> {
  /** RFC 3339. */
  readonly resetsAt: string
}

/** Returns what is left of a service's limits, as the caller may see it: limits of other tokens are left out. */
export function rateBudgets(serviceName: string, context: GatewayContext): RateBudgetFields[] {
  const now = Date.now()
  const usage = context.registry.get(serviceName).limitUsage(context.tenantKey(serviceName))
  return usage.map(({ resetsInMs, ...budget }) => ({ ...budget, resetsAt: new Date(now + resetsInMs).toISOString() }))
}
