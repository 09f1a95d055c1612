import { RateLimitedError } from '../../domain/errors.ts'
import { SOON_MS } from '../breaker/choose-trial.ts'
import type { Trial, Visit } from '../breaker/visit.ts'
import type { Endpoint } from '../budget/rate-limit.ts'
import type { CallRequest, Permit, RequestBudget } from '../budget/request-budget.ts'
import { isPoll } from '../budget/request-class.ts'
import { Stop, type StopSignal } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import type { CallPath } from './call-path.ts'
import { type CallTimes, longestTrialMs, longestVisitMs } from './call-times.ts'
import type { ServiceCall } from './service-call.ts'

/** Stops the waiting for a budget when the service is down. */
const DOWN = Symbol('the service is down')

/** Returns the milliseconds until the budget would let a trial leave. */
export function trialWaitMs(budget: RequestBudget, tenantKey: string, endpoint: Endpoint): number {
  return budget.expectedWaitMs({ tenantKey, endpoint, class: 'trial' })
}

/**
 * Creates the visit of a call that waits at the gate of a service that is down. Its time counts from `since`.
 *
 * @param visit.lastStart time after which the call must not be sent
 * @param visit.probe see {@link Visit}
 */
export function createVisit(
  { tenantKey, endpoint, signal }: ServiceCall<unknown>,
  { timeoutMs, budget }: CallPath,
  { since, lastStart, ...probes }: Pick<Visit, 'since' | 'probe' | 'probeLate'> & Pick<CallTimes, 'lastStart'>,
): Visit {
  const isChange = endpoint === 'write'
  const waitMs = (tried: Endpoint): number => trialWaitMs(budget, tenantKey, tried)
  return {
    tenantKey,
    kind: endpoint,
    since,
    until: Math.min(since + longestVisitMs(timeoutMs), lastStart),
    signal,
    isChange,
    // A probe for a change is a list or asks for a single pin.
    trialWaitMs: () => (isChange ? Math.min(waitMs('list'), waitMs('item')) : waitMs(endpoint)),
    ...probes,
  }
}

/**
 * Waits for the permit of a trial, for a second at most. Returns null when the budget has no room for it in time, or when
 * another trial was sent meanwhile. Then the call has to wait at the gate.
 *
 * @param request the request of the call, were it no trial
 */
export async function acquireForTrial(
  trial: Trial,
  request: CallRequest & { readonly deadline: number },
  { clock, budget, breakers }: CallPath,
  { signal, visit }: { readonly signal: StopSignal | undefined; readonly visit: Visit | undefined },
): Promise<Permit | null> {
  const deadline = Math.min(request.deadline, visit?.until ?? Number.POSITIVE_INFINITY, clock.now() + SOON_MS)
  // Trials never burst: while a service is down, they leave at the pace of its limit at most.
  const ofTrial = { ...request, class: 'trial', deadline } as const
  try {
    const permit = await budget.acquire(ofTrial, { signal })
    if (breakers.maySend(trial)) return permit
    permit.giveBack()
    breakers.drop(trial)
    return null
  } catch (error) {
    const isRefused = error instanceof RateLimitedError
    breakers.drop(trial, isRefused)
    if (isRefused && !isPoll(request.class)) return null
    throw error
  }
}

/**
 * Waits for the permit of a call. Returns null when the service goes down meanwhile, since the call has to wait at the gate
 * then: in the budget, its caller would wait for a service that cannot answer.
 */
export async function acquireWhileUp(
  request: CallRequest & { readonly deadline: number },
  { budget, breakers }: CallPath,
  signal: StopSignal | undefined,
): Promise<Permit | null> {
  const down = new Stop(signal)
  const endFollowing = signal && down.follow(signal)
  if (signal instanceof Stop) signal.onAsker = (asker) => down.onAsker?.(asker)
  const endWaiting = breakers.whenOpen(request.tenantKey, () => down.abort(DOWN))
  try {
    return await budget.acquire(request, { signal: down })
  } catch (error) {
    if (error === DOWN) return null
    throw error
  } finally {
    endWaiting()
    endFollowing?.()
    if (signal instanceof Stop) signal.onAsker = undefined
  }
}

/**
 * Waits for the trial of a call that came from the gate: for 0.47 times `timeoutMs` in all, unless the service comes back meanwhile.
 * The trial itself goes on.
 */
export function giveUpEarly<Value>(
  trial: Promise<Value>,
  { clock, timeoutMs, breakers }: CallPath,
  visit: Visit,
): Promise<Value> {
  const over = new Stop()
  const giveUp = (): void => {
    if (breakers.isOpen(visit.tenantKey)) over.abort(breakers.refusal(visit))
  }
  const timer = clock.setTimeout(giveUp, visit.since + longestTrialMs(timeoutMs) - clock.now())
  return untilAborted(trial, over).finally(() => timer.cancel())
}
