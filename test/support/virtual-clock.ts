import type { Clock, ClockTimer } from '../../src/upstream/clock.ts'

interface Timer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
  isOver: boolean
}

/** A clock for simulations: like `TestClock`, and fast with any number of timers, since they are kept in a heap. */
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

  get pendingTimers(): number {
    return this.#pending
  }

  setTimeout(callback: () => void, delayMs: number): ClockTimer {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback, isOver: false }
    this.#pending++
    this.#rise(this.#heap.push(timer) - 1)
    return {
      cancel: () => {
        if (!timer.isOver) this.#pending--
        timer.isOver = true
      },
    }
  }

  /** Resolves when so much time has passed. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimeout(resolve, ms))
  }

  /** Moves time forward; all promises that are ready settle before the next instant. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let first = this.#heap[0]; first && first.at <= end; first = this.#heap[0]) {
      this.#now = Math.max(this.#now, first.at)
      let ran = false
      for (let due = this.#heap[0]; due && due.at <= this.#now; due = this.#heap[0]) {
        this.#pop()
        if (due.isOver) continue
        due.isOver = true
        this.#pending--
        due.callback()
        ran = true
      }
      if (ran) await settle()
    }
    this.#now = end
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

/** A turn of the event loop: all microtasks run, however long their chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
