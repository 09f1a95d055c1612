import { CallMeter } from '../budget/call-meter.ts'
import { QueuedElsewhere } from '../budget/queued-elsewhere.ts'
import type { RateLimit } from '../budget/rate-limit.ts'
import type { CreateRequestBudget, RequestBudget } from '../budget/request-budget.ts'
import { ServiceBudget } from '../budget/service-budget.ts'
import { Standings } from '../budget/standings.ts'
import { groupBySharedLimits, type LimitedService, limitsOf, sharedKeyOf } from '../providers/limits-of.ts'
import type { Clock } from '../waiting/clock.ts'

/** The limits that a service's calls keep, and their use so far. Services of one provider share both. */
export interface SharedLimits {
  readonly limits: readonly RateLimit[]
  /** The shared budget, as the service sees it. */
  readonly budget: RequestBudget
  /** The tokens that have a turn of their own in the budget. */
  readonly standings: Standings
  /** Counts calls of the classes `mutation` and `interactive`, which go before polls. */
  readonly urgentCalls: CallMeter
  /** The requests that all tenants' lookups will need. */
  readonly queuedElsewhere: QueuedElsewhere
}

/**
 * Makes one budget for all services that {@link groupBySharedLimits} puts together. Returns each service's part of it, by its name.
 *
 * The services of one budget share limits, pauses, and what was learned of limits. They share nothing else.
 */
export function createSharedLimits(
  services: readonly LimitedService[],
  clock: Clock,
  createBudget: CreateRequestBudget,
): Map<string, SharedLimits> {
  const byService = new Map<string, SharedLimits>()
  for (const sharers of groupBySharedLimits(services)) {
    const limits = limitsOf(sharers)
    const urgentCalls = new CallMeter(clock)
    const queuedElsewhere = new QueuedElsewhere()
    const standings = new Standings()
    const { sharedTurnOf } = standings
    const serviceName = sharers[0]?.name ?? ''
    const budget = createBudget({ sharedKey: sharedKeyOf(sharers), serviceName, limits, clock, sharedTurnOf })
    for (const { name } of sharers) {
      const own = sharers.length === 1 ? budget : new ServiceBudget(name, budget)
      byService.set(name, { limits, budget: own, standings, urgentCalls, queuedElsewhere })
    }
  }
  return byService
}
