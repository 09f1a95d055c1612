import type { Clock, ClockTimer } from '../../upstream/waiting/clock.ts'

/** Plans what is due, and does it. */
export interface AlarmListener {
  /** Called once after any number of `wake()` calls in the same turn of the event loop. */
  onWake(): void
  /** Called when the time has come for which the alarm was set. */
  onTime(): void
}

/**
 * Calls the poll loop when its time has come, or earlier when something has changed.
 *
 * The intake and the audience call nothing else of the poll loop.
 */
export class Alarm implements Disposable {
  readonly #clock: Clock
  #listener: AlarmListener | null = null
  #timer: ClockTimer | null = null
  #isWoken = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls this listener from now on. */
  attach(listener: AlarmListener): void {
    this.#listener = listener
  }

  /** Calls `onWake` in a microtask. One answer may change a thousand pins, and all of them need one look at what is due. */
  wake(): void {
    if (this.#isWoken) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#listener?.onWake()
    })
  }

  /** Calls `onTime` after a delay, and forgets the time that was set before. Null: sets no time. */
  set(delayMs: number | null): void {
    this.#timer?.cancel()
    this.#timer = delayMs === null ? null : this.#clock.setTimeout(() => this.#listener?.onTime(), delayMs)
  }

  /** Ends all calls. */
  [Symbol.dispose](): void {
    this.#listener = null
    this.set(null)
  }
}
