import { OutcomeUnknownError, UnchangedPinError } from '../domain/change-errors.ts'
import type { Pin } from '../domain/pin.ts'
import type { Failure } from '../domain/unexpected-error.ts'
import { hasFailed, type Outcome } from './outcome.ts'

/** Result of an add or a replacement: the new pin, or the reason why there is none. */
export interface NewPinResult {
  readonly pin: Pin | null
  readonly error: Failure | null
  /** The client's key, or the key that pinql made. */
  readonly idempotencyKey: string
  /**
   * After an unknown outcome, the pins that may be the new one. If a service put the new pin in the place of the old one but left
   * its name or `meta` as it was, the new pin. Otherwise empty.
   */
  readonly candidates: readonly Pin[]
}

/** Makes the result of an add or a replacement from its outcome. */
export function newPinResult(outcome: Outcome<Pin>, idempotencyKey: string): NewPinResult {
  if (!hasFailed(outcome)) return { pin: outcome, error: null, idempotencyKey, candidates: [] }
  const hasCandidates = outcome instanceof OutcomeUnknownError || outcome instanceof UnchangedPinError
  return { pin: null, error: outcome, idempotencyKey, candidates: hasCandidates ? outcome.candidates : [] }
}
