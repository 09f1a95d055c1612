import type { Clock, ClockTimer } from '../waiting/clock.ts'

/** Milliseconds until the next look, where a trial is due and no call that waits has room in the budget. */
const LOOK_FOR_ROOM_EVERY_MS = 100

/** Plans when a gate looks for a call to try: when a trial is due, but not while no call that waits has room in the budget. */
export class NextLook {
  readonly #clock: Clock
  readonly #look: () => void
  #timer: ClockTimer | undefined
  #at = Number.POSITIVE_INFINITY
  /** Clock time before which no call that waits has room in the budget. */
  #noRoomUntil = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, look: () => void) {
    this.#clock = clock
    this.#look = look
  }

  /** True while no call that waits has room in the budget. */
  get isShortOfRoom(): boolean {
    return this.#noRoomUntil > this.#clock.now()
  }

  /** Records that no call that waits has room in the budget. */
  noteNoRoom(): void {
    this.#noRoomUntil = this.#clock.now() + LOOK_FOR_ROOM_EVERY_MS
  }

  /** Records that a call with room in the budget has come. */
  noteRoom(): void {
    this.#noRoomUntil = this.#clock.now()
  }

  /** Plans a look for a clock time, if none is planned earlier. Looks at once if that time has come. */
  plan(at: number): void {
    const lookAt = Math.max(at, this.#noRoomUntil)
    if (lookAt >= this.#at) return
    const inMs = lookAt - this.#clock.now()
    if (inMs > 0) {
      this.cancel()
      this.#at = lookAt
      this.#timer = this.#clock.setTimeout(this.#look, Math.max(1, inMs))
    } else this.#look()
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#at = Number.POSITIVE_INFINITY
  }
}
