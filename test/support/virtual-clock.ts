import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, ClockTimer } from '../../src/upstream/waiting/clock.ts'

/** Unix milliseconds at which a clock shows 0: the beginning of 2026. */
export const EPOCH_MS = Date.UTC(2026, 0, 1)

interface Timer {
  readonly at: number
  /** Timers of one instant run in the order in which they were set. */
  readonly order: number
  readonly callback: () => void
  isOver: boolean
}

/**
 * The one clock of tests. Time stands still until a test moves it.
 *
 * `advance(ms)` moves time and resolves when everything has run that was due by then. `runAt(speed)` lets time pass by
 * itself, for tests whose sockets take real time. Timers are kept in a heap, so that simulations may set millions.
 */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = []
  #now: number
  #order = 0
  #pending = 0

  constructor(startMs = 0) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  wallNow(): number {
    return Math.floor(EPOCH_MS + this.#now)
  }

  /** Counts timers that were neither run nor cancelled. A disposed or idle owner leaves 0. */
  get pendingTimers(): number {
    return this.#pending
  }

  setTimeout(callback: () => void, delayMs: number): ClockTimer {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback, isOver: false }
    this.#pending++
    this.#rise(this.#heap.push(timer) - 1)
    return { cancel: () => this.#end(timer) }
  }

  /** Resolves when `ms` milliseconds of this clock have passed. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimeout(resolve, ms))
  }

  /**
   * Moves time forward by `ms` milliseconds, and runs each timer at its own instant.
   *
   * Every promise that is ready settles before the next timer runs. Code that awaits a timer and sets another is therefore
   * run to its end, and a timer that is set for the current instant still runs.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#heap[0]; next && next.at <= end; next = this.#heap[0]) {
      this.#pop()
      if (next.isOver) continue
      this.#now = Math.max(this.#now, next.at)
      this.#end(next)
      next.callback()
      await settle()
    }
    this.#now = end
  }

  /**
   * Lets time pass by itself, `speed` times as fast as the machine's, until disposed. Do not call `advance` meanwhile.
   *
   * A millisecond of the machine is one step: at speed 20, timers may run 20 ms late.
   */
  runAt(speed: number): AsyncDisposable {
    let isOver = false
    const run = async (): Promise<void> => {
      for (let last = performance.now(); !isOver; ) {
        await delay(1)
        const now = performance.now()
        await this.advance((now - last) * speed)
        last = now
      }
    }
    const running = run()
    return {
      async [Symbol.asyncDispose]() {
        isOver = true
        await running
      },
    }
  }

  #end(timer: Timer): void {
    if (!timer.isOver) this.#pending--
    timer.isOver = true
  }

  #rise(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(this.#at(index), this.#at(parent))) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    for (let index = 0; ; ) {
      const left = 2 * index + 1
      if (left >= this.#heap.length) return
      const right = left + 1
      const child = right < this.#heap.length && isBefore(this.#at(right), this.#at(left)) ? right : left
      if (!isBefore(this.#at(child), this.#at(index))) return
      this.#swap(index, child)
      index = child
    }
  }

  #at(index: number): Timer {
    return this.#heap[index] as Timer
  }

  #swap(a: number, b: number): void {
    const timer = this.#at(a)
    this.#heap[a] = this.#at(b)
    this.#heap[b] = timer
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** Lets one turn of the event loop pass: all microtasks run, however long their chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
