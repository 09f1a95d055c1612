import type { AnnouncedRate } from '../http/rate-limit-headers.ts'

/** Two announced resets that differ by less than this belong to the same window, since services announce whole seconds. */
const SAME_WINDOW_MS = 2000

/** The rest of a service's window, as its headers announced it. */
interface WindowLeft {
  /** Requests that are left in the window. */
  left: number
  /** Clock time at which the window ends. */
  readonly resetsAt: number
}

const NOTHING: Readonly<WindowLeft> = { left: Number.POSITIVE_INFINITY, resetsAt: Number.NEGATIVE_INFINITY }

/** The counter of a service, as its headers announced it last. */
export class AnnouncedWindow {
  #last: WindowLeft | undefined

  /** Returns what is left of the announced window; without one, all. */
  at(now: number): Readonly<WindowLeft> {
    return this.#last && this.#last.resetsAt > now ? this.#last : NOTHING
  }

  /** @param calls that leave now, or do not leave if it is negative */
  use(calls: number): void {
    if (this.#last) this.#last.left -= calls
  }

  /**
   * Within one window the lower number counts, since answers may overtake each other. A number for another window, earlier
   * or later, replaces the one before. Services that count per back-end node (Pinata) announce different windows from
   * answer to answer. The lowest number of them all would leave most of the limit unused.
   */
  announced(now: number, rate: AnnouncedRate): void {
    const resetsAt = now + rate.resetsInMs
    const known = this.#last
    if (known && known.resetsAt > now && Math.abs(known.resetsAt - resetsAt) < SAME_WINDOW_MS) {
      known.left = Math.min(known.left, rate.remaining)
    } else {
      this.#last = { left: rate.remaining, resetsAt }
    }
  }
}
