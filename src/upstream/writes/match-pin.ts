import { givenNameOf } from '../../domain/given-name.ts'
import type { Pin } from '../../domain/pin.ts'
import type { WriteRecord } from './write-records.ts'

/** How far a service's clock may be behind ours. */
export const CLOCK_SKEW_MS = 5 * 60 * 1000

/** The pins of a list that a write made, or may have made. */
export interface MatchedPins {
  /** Those that carry its operation id, oldest first; in the same order, whoever asks. */
  readonly mine: Pin[]
  /** Those of no operation that have its name, and are new as far as is known. */
  readonly similar: readonly Pin[]
}

/** Sorts out, of the pins of its CID, which belong to a write. */
export function createPinMatcher({ operationId, write, before, startedAt }: WriteRecord) {
  const known = new Set(before)
  const earliest = BigInt(startedAt - CLOCK_SKEW_MS) * 1_000_000n
  const name = givenNameOf(write.pin)
  return (pins: readonly Pin[]): MatchedPins => ({
    mine: pins.filter((pin) => pin.operationId === operationId).sort(byAge),
    similar: pins.filter(
      (pin) =>
        pin.operationId === undefined &&
        !known.has(pin.requestId) &&
        givenNameOf(pin) === name &&
        pin.created.ns >= earliest,
    ),
  })
}

function byAge(a: Pin, b: Pin): number {
  const [older, newer] = [a.created.ns, b.created.ns]
  if (older !== newer) return older < newer ? -1 : 1
  return a.requestId < b.requestId ? -1 : 1
}
