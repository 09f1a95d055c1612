import type { Permit } from '../budget/request-budget.ts'
import type { StopSignal } from '../waiting/stop.ts'
import type { TurnKeys } from './trial-turns.ts'

/** The right to send one call to a service that is down. */
export interface Trial {
  readonly tenantKey: string
  /** The keys whose turn it is. */
  readonly keys: readonly string[]
  /** True for a change that follows the answer to a probe at once. The two count as one trial. */
  readonly followsProbe: boolean
  /** Permission to send the call, if the budget has given it already. */
  readonly permit?: Permit | undefined
}

/** A wait at the gate, of a call or of a late probe. */
export interface Stay {
  readonly tenantKey: string
  /** The endpoint of the call, or `late probe`. Stays of one tenant and kind wait equally long for the budget. Kinds take turns. */
  readonly kind: string
  /** Clock time at which the wait ends in any case. */
  readonly until: number
  readonly signal: StopSignal | undefined
  /** Returns the milliseconds until the budget would let a trial leave: the call, or a probe for a change. */
  trialWaitMs(): number
}

/** A call that waits until its service is back, or until it may be the next trial. */
export interface Visit extends Stay {
  /** Clock time at which the call came. */
  readonly since: number
  /** True if the call changes something. Then it is a trial only if a probe has got an answer, or if reads alone may fail. */
  readonly isChange: boolean
  /** Makes a trial in place of a change. */
  probe(trial: Trial): void
  /** Makes a trial in place of the call when the budget has room, however late. Resolves when it was sent, or never will be. */
  probeLate(): Promise<void>
}

/** A call that waits at the gate, or a late probe, which has its permit and waits for its turn only. */
export interface GateWaiter {
  readonly tenantKey: string
  /** Key of the turn that the tenant shares with others, or its own. */
  readonly group: string
  readonly keys: TurnKeys
  /** Null for a late probe, which needs no room in the budget. */
  readonly visit: Visit | null
  /** @param trial null when the service is back */
  leave(trial: Trial | null): void
  fail(error: unknown): void
}
