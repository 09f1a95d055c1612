import type { StringMap } from '../../domain/pin.ts'
import type { PinStore } from '../store/pin-store.ts'
import type { StoredPin } from '../store/stored-pin.ts'

/**
 * The pins over which the service broke off several times in a row. They are tried one at a time before all other pins, so that the
 * next break-off shows which of them is the cause.
 *
 * A trial ends when its pin settles, waits for something that is no fault of it, or has got a block and the service still runs. A pin that
 * gets no block settles by `stallTimeoutMs`.
 */
export class Suspects {
  readonly #pins: Pick<PinStore, 'suspects' | 'getByKey'>
  /** Keys of the pins that are not tried yet. Null before the first look: suspects arise only where a service broke off. */
  #waiting: number[] | null = null
  #tried: number | null = null
  #hasBlocks = false

  constructor(pins: Pick<PinStore, 'suspects' | 'getByKey'>) {
    this.#pins = pins
  }

  /** True while a pin is tried, and no other may be started. */
  get isTrying(): boolean {
    return this.#tried !== null
  }

  /** Returns the pin to be tried next. Null when none is left. */
  next(): StoredPin | null {
    this.#waiting ??= this.#pins.suspects()
    for (let [key] = this.#waiting; key !== undefined; [key] = this.#waiting) {
      const pin = this.#pins.getByKey(key)
      if (pin?.status === 'queued') return pin
      this.#waiting.shift()
    }
    return null
  }

  /** Begins the trial of the pin that `next` returned. */
  try({ created }: StoredPin): void {
    this.#waiting?.shift()
    this.#tried = created
    this.#hasBlocks = false
  }

  /**
   * Ends the trial at the second look at a pin that has got a block.
   *
   * Called once a second, which is much longer than until a block is on the disk. So a break-off after the trial finds the pin further than
   * before.
   *
   * @param progress what the transfer of the pin reports
   */
  look(pin: StoredPin, { blocks_fetched = '0' }: StringMap): void {
    if (this.#hasBlocks) this.release(pin)
    this.#hasBlocks = Number(blocks_fetched) > 0
  }

  /** Ends the trial of a pin, if it is the one that is tried. */
  release({ created }: StoredPin): void {
    if (this.#tried === created) this.#tried = null
  }
}
