import { MalformedResponseError } from '../../../domain/errors.ts'
import type { PinPosition } from '../../../domain/pin-order.ts'

/** Most reads at one position. A page is requested again with a larger limit, another time, or after a lesson: ten times at most. */
const MAX_READS_IN_PLACE = 100

/** Notices that a walk through the pages of a list does not move on, whatever is requested. */
export class WalkProgress {
  readonly #service: string
  #position: PinPosition | null = null
  #reads = 0

  constructor(service: string) {
    this.#service = service
  }

  /**
   * Notes that a page is about to be read.
   *
   * @param position the last pin that came, or null
   * @throws {MalformedResponseError} when too many pages were read since the position has changed
   */
  readsAt(position: PinPosition | null): void {
    if (position !== this.#position) this.#reads = 0
    this.#position = position
    if (++this.#reads <= MAX_READS_IN_PLACE) return
    const message = `${this.#service} was asked ${MAX_READS_IN_PLACE} times for the same part of a list, and each answer was of no use`
    throw new MalformedResponseError(message, { service: this.#service })
  }
}
