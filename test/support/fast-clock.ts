import type { Clock, ClockTimer } from '../../src/upstream/clock.ts'

/** The machine's clock, so many times as fast: waits become short, while sockets take the time that they take. */
export class FastClock implements Clock {
  readonly speed: number

  constructor(speed: number) {
    this.speed = speed
  }

  now(): number {
    return performance.now() * this.speed
  }

  setTimeout(callback: () => void, delayMs: number, { keepsAlive = false } = {}): ClockTimer {
    const timer = setTimeout(callback, Math.ceil(delayMs / this.speed))
    if (!keepsAlive) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  }
}
