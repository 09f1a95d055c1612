import { RateLimitedError } from '../../domain/errors.ts'
import type { Gate, Visit } from '../breaker/gate.ts'
import type { Endpoint } from '../budget/rate-limit.ts'
import type { CallRequest, Permit, RequestBudget } from '../budget/request-budget.ts'
import { isPoll } from '../budget/request-class.ts'
import { Stop, type StopSignal } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import type { CallPath } from './call-path.ts'
import { type CallTimes, longestTrialMs, longestVisitMs } from './call-times.ts'
import type { ServiceCall } from './service-call.ts'

/** Milliseconds that a trial may be expected to wait for the budget, and until the next one if the budget refuses it. */
const SOON_MS = 1_000

/** Returns the milliseconds until the budget would let a trial leave. */
export function trialWaitMs(budget: RequestBudget, tenantKey: string, endpoint: Endpoint): number {
  return budget.expectedWaitMs({ tenantKey, endpoint, class: 'trial' })
}

/** Returns whether the budget would let a trial leave soon. */
export function hasRoomForTrial(budget: RequestBudget, tenantKey: string, endpoint: Endpoint): boolean {
  return trialWaitMs(budget, tenantKey, endpoint) <= SOON_MS
}

/**
 * Creates the visit of a call that waits at the gate of a service that is down. Its time counts from now.
 *
 * @param probes make trials in place of the call
 */
export function createVisit(
  { tenantKey, endpoint, signal }: ServiceCall<unknown>,
  { clock, timeoutMs, budget }: CallPath,
  { lastStart }: CallTimes,
  probes: Pick<Visit, 'probe' | 'probeLate'>,
): Visit {
  const since = clock.now()
  return {
    since,
    until: Math.min(since + longestVisitMs(timeoutMs), lastStart),
    signal,
    isChange: endpoint === 'write',
    hasRoom: () => hasRoomForTrial(budget, tenantKey, endpoint),
    hasTried: false,
    ...probes,
  }
}

/**
 * Waits for the permit of a trial. Returns null when the budget has no room for it in time: then the trial has to wait, and
 * its call at the gate.
 *
 * @param request the request of the call, were it no trial
 */
export async function acquireForTrial(
  trialOf: Gate,
  request: CallRequest & { readonly deadline: number },
  { clock, budget }: CallPath,
  { signal, visit }: { readonly signal: StopSignal | undefined; readonly visit: Visit | undefined },
): Promise<Permit | null> {
  const deadline = Math.min(request.deadline, visit?.until ?? Number.POSITIVE_INFINITY)
  // Trials never burst: while a service is down, they leave at the pace of its limit at most.
  const ofTrial = { ...request, class: 'trial', deadline } as const
  try {
    return await budget.acquire(ofTrial, { signal })
  } catch (error) {
    const isLeft = signal?.aborted === true
    trialOf.dropTrial(isLeft ? 0 : clock.now() + SOON_MS)
    if (error instanceof RateLimitedError && !isPoll(request.class)) return null
    throw error
  }
}

/**
 * Waits for a trial as its caller does, who came from the gate: for half of `timeoutMs` in all, unless the service comes back
 * meanwhile. The trial itself goes on.
 */
export function giveUpEarly<Value>(
  trial: Promise<Value>,
  tenantKey: string,
  { clock, timeoutMs, breakers }: CallPath,
  { since }: Visit,
): Promise<Value> {
  const over = new Stop()
  const giveUp = (): void => {
    if (breakers.isOpen(tenantKey)) over.abort(breakers.refusal(tenantKey))
  }
  const timer = clock.setTimeout(giveUp, since + longestTrialMs(timeoutMs) - clock.now())
  return untilAborted(trial, over).finally(() => timer.cancel())
}
