import { givenNameOf } from '../../domain/given-name.ts'
import type { Pin } from '../../domain/pin.ts'
import { earliestCreatedNs } from './earliest-created.ts'
import type { WriteRecord } from './write-records.ts'

/** The pins of a list that a write made, or may have made. */
export interface MatchedPins {
  /** Pins with the write's id, oldest first. The order is the same in every gateway. */
  readonly mine: Pin[]
  /** Pins without a write's id that have the write's name and that, as far as known, are new. */
  readonly similar: readonly Pin[]
}

/** Creates a function that finds the pins of a write among the pins of its CID. */
export function createPinMatcher({ writeId, write, before, startedAt }: WriteRecord) {
  const known = new Set(before)
  const earliest = earliestCreatedNs(startedAt)
  const name = givenNameOf(write.pin)
  return (pins: readonly Pin[]): MatchedPins => ({
    mine: pins.filter((pin) => pin.writeId === writeId).sort(byAge),
    similar: pins.filter(
      (pin) =>
        pin.writeId === undefined &&
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
