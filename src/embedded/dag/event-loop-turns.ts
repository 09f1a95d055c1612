/** Milliseconds after which other work of the thread runs: requests, and the network. */
const LONGEST_TURN_MS = 10

/**
 * Lets long works of one thread take turns of the event loop with everything else, and with each other.
 *
 * Each turn of the event loop runs works for 10 ms at most. Without that, 64 walks that give way by themselves would still run
 * one after the other before a request is served.
 *
 * The gateway's loops have `giveWay` for this, which lets a loop run on in the same turn of the event loop. A work begins in a later one.
 */
export class EventLoopTurns {
  #waiting: ((until: number) => void)[] = []
  #isScheduled = false

  /** Runs a work soon. It must give way at `until`, by `performance.now()`, and ask for its next turn then. */
  next(work: (until: number) => void): void {
    this.#waiting.push(work)
    this.#schedule()
  }

  /** Resolves at the next turn. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.next(() => resolve()))
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#isScheduled = false
    const works = this.#waiting
    this.#waiting = []
    const until = performance.now() + LONGEST_TURN_MS
    let done = 0
    try {
      while (done < works.length && (done === 0 || performance.now() < until)) works[done++]?.(until)
    } finally {
      // Works that asked for their next turn meanwhile come behind those that wait.
      this.#waiting = [...works.slice(done), ...this.#waiting]
      if (this.#waiting.length > 0) this.#schedule()
    }
  }
}
