import type { CircuitBreaker } from './circuit-breaker.ts'
import type { TrialTurns } from './trial-turns.ts'
import type { GateWaiter, Visit } from './visit.ts'

/** A change whose answer is lost costs its caller more than a read, so that reads are tried first. */
const READS_BEFORE_CHANGE = 3
/** Milliseconds that a trial may be expected to wait for the budget. */
export const SOON_MS = 1_000

/** The state of a gate when it looks for a call to try. Times are of the service's clock. */
interface GateState {
  readonly now: number
  readonly turns: TrialTurns
  breakerOf(tenantKey: string): CircuitBreaker
  dueAt(breaker: CircuitBreaker): number
}

/**
 * - `call`: the call is tried.
 * - `probe`: a probe is tried in its place.
 * - `noRoom`: a trial is due, but no call has room in the budget. The visit is that of the call that has room first.
 * - `later`: no trial is due before a clock time.
 */
type Choice =
  | { readonly kind: 'call' | 'probe'; readonly waiter: GateWaiter }
  | { readonly kind: 'noRoom'; readonly visit: Visit }
  | { readonly kind: 'later'; readonly at: number }

/**
 * Chooses the call of the next trial: the first in its turn for whose breaker a trial is due, and that has room in the budget.
 * A change goes before all others, and without a probe, if three reads were answered with a failure: then it may be that
 * only reads fail.
 */
export function chooseTrial(waiting: Iterable<GateWaiter>, { now, turns, breakerOf, dueAt }: GateState): Choice {
  const waitsMs = new Map<string, number>()
  let chosen: GateWaiter | undefined
  let nearest: GateWaiter | undefined
  let nearestMs = Number.POSITIVE_INFINITY
  let nextAt = Number.POSITIVE_INFINITY
  for (const waiter of waiting) {
    const { tenantKey, visit, keys } = waiter
    const breaker = breakerOf(tenantKey)
    const at = dueAt(breaker)
    if (at > now) {
      nextAt = Math.min(nextAt, at)
      continue
    }
    if (visit?.isChange && breaker.failedReads >= READS_BEFORE_CHANGE) {
      breaker.failedReads = 0
      return { kind: 'call', waiter }
    }
    const [, , ofKind] = keys
    const waitMs = waitsMs.get(ofKind) ?? visit?.trialWaitMs() ?? 0
    waitsMs.set(ofKind, waitMs)
    if (waitMs <= SOON_MS && (!chosen || isBefore(waiter, chosen, turns))) chosen = waiter
    if (waitMs < nearestMs || (waitMs === nearestMs && nearest && isBefore(waiter, nearest, turns))) {
      nearest = waiter
      nearestMs = waitMs
    }
  }
  if (chosen) return { kind: chosen.visit?.isChange ? 'probe' : 'call', waiter: chosen }
  return nearest?.visit ? { kind: 'noRoom', visit: nearest.visit } : { kind: 'later', at: nextAt }
}

function isBefore({ visit, keys }: GateWaiter, other: GateWaiter, turns: TrialTurns): boolean {
  const order = turns.compare(keys, other.keys)
  // The answer to a read helps its caller, too. That to a probe helps nobody.
  return order < 0 || (order === 0 && other.visit?.isChange === true && !visit?.isChange)
}
