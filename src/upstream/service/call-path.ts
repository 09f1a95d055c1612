import type { ServiceBreakers } from '../breaker/service-breakers.ts'
import type { CallMeter } from '../budget/call-meter.ts'
import type { RequestBudget } from '../budget/request-budget.ts'
import type { Clock } from '../waiting/clock.ts'
import type { CallSender } from './call-sender.ts'

/** The parts of a service that its calls pass. */
export interface CallPath {
  readonly clock: Clock
  /** Milliseconds that one try may take. */
  readonly timeoutMs: number
  readonly breakers: ServiceBreakers
  readonly budget: RequestBudget
  /** Counts calls that go before polls. */
  readonly urgentCalls: CallMeter
  readonly sender: CallSender
  /** Returns the random part of a pause, from 0 to 1. */
  readonly random: () => number
}
