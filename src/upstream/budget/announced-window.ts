import type { AnnouncedRate } from '../http/rate-limit-headers.ts'

/** Two announced resets that differ by less than this belong to the same window, since services announce whole seconds. */
const SAME_WINDOW_MS = 2000

/** The rest of a service's window, as its headers announced it. */
interface WindowLeft {
  /** Requests that are left in the window. May be negative. */
  left: number
  /** Clock time at which the window ends. */
  readonly resetsAt: number
}

const NOTHING: Readonly<WindowLeft> = { left: Number.POSITIVE_INFINITY, resetsAt: Number.NEGATIVE_INFINITY }

/** The counter of a service, as its headers announced it last. */
export class AnnouncedWindow {
  #last: WindowLeft | undefined
  /** Calls with a permit whose answers have not come, as far as known. The announced number may not include them. */
  #open = 0

  /** Returns the number of calls that may leave in the announced window, and its end. Without a window, all. */
  at(now: number): Readonly<WindowLeft> {
    if (!this.#last || this.#last.resetsAt <= now) return NOTHING
    return { left: this.#last.left - this.#open, resetsAt: this.#last.resetsAt }
  }

  /** Counts a call that gets its permit now. */
  take(): void {
    this.#open += 1
  }

  /** Forgets a call that is never sent. */
  giveBack(): void {
    this.#open -= 1
  }

  /**
   * Handles an answer's counter.
   *
   * Within one window the lower number counts, since answers may overtake each other. The answer with the lowest number was
   * counted last, so it includes all calls that are answered. A number for another window, earlier
   * or later, replaces the one before. Services that count per back-end node (Pinata) announce different windows from
   * answer to answer. The lowest number of them all would leave most of the limit unused.
   *
   * @param open.least number of calls that are not sent yet
   * @param open.most number of calls that the answer's number may not include. Calls that failed without an answer are in it no
   *   more once a later call is answered.
   */
  announced(now: number, rate: AnnouncedRate, open: { readonly least: number; readonly most: number }): void {
    this.#open = Math.max(open.least, Math.min(this.#open - 1, open.most))
    const resetsAt = now + rate.resetsInMs
    const known = this.#last
    if (known && known.resetsAt > now && Math.abs(known.resetsAt - resetsAt) < SAME_WINDOW_MS) {
      known.left = Math.min(known.left, rate.remaining)
    } else {
      this.#last = { left: rate.remaining, resetsAt }
    }
  }
}
