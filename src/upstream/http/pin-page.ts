import type { Pin } from '../../domain/pin.ts'

/**
 * A page with fewer records is never taken for cut: the specification's default `limit` is 10, so a service that cannot list
 * ten pins fails every client.
 */
export const SMALLEST_CUT = 10

/** A record of a list that is not a valid pin, and so is not shown. */
export interface LeftOut {
  /** Equal for the same record on two pages. */
  readonly key: string
  /** Key of the record's CID; null where it has no valid CID. */
  readonly cidKey: string | null
  /** Path and expected value, such as `created: expected an RFC 3339 timestamp`. */
  readonly reason: string
}

/** Pins, and the records beside them that are not valid pins. */
export interface PinRecords {
  readonly pins: readonly Pin[]
  /** Undefined if all records of a page are valid pins; undefined or empty if those of several pages are. */
  readonly leftOut?: readonly LeftOut[] | undefined
}

/** One page of a list. */
export interface PinPage extends PinRecords {
  /** Number of pins that match, as the service reports it. Services disagree on its meaning, see `Capabilities.count`. */
  readonly count: number | null
  /** True for a page that is shorter than requested, but may have been cut. See `ListProofs.looksCut`. */
  readonly looksCut?: true | undefined
  /**
   * Time in nanoseconds: if the page was cut, it is only known to have the pins that are newer. Null: it may lack any. Undefined: it has
   * all that are newer than its last one.
   */
  readonly wholeAfter?: bigint | null | undefined
  /** Called by each reader that no longer needs the page. Absent where that makes no difference. */
  release?(): void
}

/**
 * A page that drops its pins as soon as all of its readers have released it.
 *
 * Many promises hold the page, and most of them have survived so long that the cheap garbage collections skip them. Without
 * the release, those collections would skip the pins of every page as well. That would add a quarter to the cost of a list.
 */
export class SharedPage implements PinPage {
  readonly count: number | null
  readonly pins: Pin[]
  readonly leftOut: readonly LeftOut[] | undefined
  readonly looksCut: true | undefined
  wholeAfter: bigint | null | undefined = undefined
  #readers = Number.POSITIVE_INFINITY

  /** @param pins are owned, and later emptied, by the page */
  constructor(count: number | null, pins: Pin[], leftOut?: readonly LeftOut[], looksCut?: true) {
    this.count = count
    this.pins = pins
    this.leftOut = leftOut
    this.looksCut = looksCut
  }

  /** Sets the number of readers. Called before any of them reads the page. Until then, `release` does nothing. */
  shareAmong(readers: number): void {
    this.#readers = readers
  }

  release(): void {
    if (--this.#readers === 0) this.pins.length = 0
  }
}

/** Returns the number of records that the service put on a page, readable or not. */
export function recordCount({ pins, leftOut }: PinRecords): number {
  return pins.length + (leftOut?.length ?? 0)
}

/** Copies a page. The copy keeps its pins when the page is released. */
export function sharedCopyOf({ count, pins, leftOut, looksCut, wholeAfter }: PinPage): SharedPage {
  const copy = new SharedPage(count, [...pins], leftOut, looksCut)
  copy.wholeAfter = wholeAfter
  return copy
}

/** Returns the page without `looksCut`. */
export function withoutDoubt(page: PinPage): PinPage {
  return page.looksCut ? sharedCopyOf({ ...page, looksCut: undefined }) : page
}
