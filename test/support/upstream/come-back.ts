import { RateLimitedError } from '../../../src/domain/errors.ts'
import { Stop } from '../../../src/upstream/waiting/stop.ts'
import type { createLookups } from './lookup-harness.ts'

/** The answer to a lookup whose client obeys `retryAfterMs`. */
export interface Answered {
  readonly callerKey: string
  /** Milliseconds from the first attempt to the answer. */
  readonly tookMs: number
  /** The times that it was told, in milliseconds. */
  readonly told: readonly number[]
}

/**
 * Creates the signal of a new operation of a caller.
 *
 * @param limits clock times at which it began and at which it ends at the latest. Default: it has no time limit.
 */
export function operationOf(
  callerKey: string,
  limits: { readonly since?: number; readonly endsAt?: number } = {},
): Stop {
  return new Stop({ asker: { callerKey }, ...limits })
}

/**
 * Looks up the content of a pin, and again whenever the answer is a refusal, after exactly the time that it tells.
 *
 * @throws any other failure
 */
export async function lookUpUntilAnswered(
  { clock, lookUp }: Pick<ReturnType<typeof createLookups>, 'clock' | 'lookUp'>,
  n: number,
  callerKey: string,
): Promise<Answered> {
  const since = clock.now()
  const told: number[] = []
  for (;;) {
    const looked = lookUp(n, { isContent: true, signal: operationOf(callerKey) })
    await looked.ended
    const { outcome } = looked
    if (Array.isArray(outcome)) return { callerKey, tookMs: clock.now() - since, told }
    if (!(outcome instanceof RateLimitedError)) throw outcome
    told.push(outcome.retryAfterMs)
    await clock.sleep(outcome.retryAfterMs)
  }
}
