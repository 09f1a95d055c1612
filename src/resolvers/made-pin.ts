import { randomUUID } from 'node:crypto'
import { OutcomeUnknownError, UnchangedPinError } from '../domain/change-errors.ts'
import { PinqlError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'

/** Result of an add or a replacement: a pin, or the error that says why there is none. */
export interface MadePin {
  readonly pin: Pin | null
  readonly error: PinqlError | null
  /** The key that was given, or the one that pinql made. */
  readonly idempotencyKey: string
  /** Pins that may be the result, or the pin that a service put in the place of the old one. Usually empty. */
  readonly candidates: readonly Pin[]
}

/** Returns the client's key unchecked, or a new key. */
export function idempotencyKeyOf({ idempotencyKey }: { readonly idempotencyKey?: string | null | undefined }): string {
  return idempotencyKey ?? newKey()
}

/** A UUID of version 7. It begins with the time, so that records of writes made one after the other are stored side by side. */
function newKey(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** @param outcome from `settle` */
export function madePinOf(outcome: Pin | PinqlError, idempotencyKey: string): MadePin {
  if (!(outcome instanceof PinqlError)) return { pin: outcome, error: null, idempotencyKey, candidates: [] }
  const hasCandidates = outcome instanceof OutcomeUnknownError || outcome instanceof UnchangedPinError
  return { pin: null, error: outcome, idempotencyKey, candidates: hasCandidates ? outcome.candidates : [] }
}
