import type { Clock, ClockTimer } from '../../src/upstream/clock.ts'

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #now: number
  readonly #timers = new Set<{ at: number; callback: () => void }>()

  constructor(startMs = 0) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  setTimeout(callback: () => void, delayMs: number): ClockTimer {
    const timer = { at: this.#now + Math.max(0, delayMs), callback }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  /** How many timers wait; 0 is what a disposed or idle owner leaves behind. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /**
   * Moves time forward, running each timer at its own instant and in order.
   *
   * Every promise that is ready settles before the next timer runs, so code that awaits a timer and sets another is
   * seen to the end. Equal instants run in the order they were set.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let timer = this.#next(); timer !== undefined && timer.at <= end; timer = this.#next()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
      await settle()
    }
    this.#now = end
  }

  #next() {
    let next: { at: number; callback: () => void } | undefined
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer
    return next
  }
}

/** A turn of the event loop: all microtasks run, however long their chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
