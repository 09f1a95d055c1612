import type { Clock, ClockTimer } from '../waiting/clock.ts'

/** A callback that is planned for an instant. */
export interface Appointment {
  readonly at: number
  readonly run: () => void
  /** Index in the heap; -1 once the appointment has run or was cancelled. */
  index: number
}

/**
 * Any number of appointments on one timer, kept in a binary heap.
 *
 * @param afterwards runs once after each batch of appointments that were due together
 */
export class Agenda implements Disposable {
  readonly #clock: Clock
  readonly #afterwards: () => void
  readonly #heap: Appointment[] = []
  #timer: { at: number; handle: ClockTimer } | undefined

  constructor(clock: Clock, afterwards: () => void) {
    this.#clock = clock
    this.#afterwards = afterwards
  }

  /** Number of planned appointments. Only tests read it, to see that no appointment is left over. */
  get size(): number {
    return this.#heap.length
  }

  /** Plans `run` for the first whole millisecond at or after `at`. It never runs in the current turn of the event loop. */
  add(at: number, run: () => void): Appointment {
    const appointment: Appointment = { at, run, index: this.#heap.length }
    this.#heap.push(appointment)
    this.#rise(appointment)
    this.#setTimer()
    return appointment
  }

  /** Cancels an appointment. Does nothing if the appointment has already run or was cancelled. */
  cancel(appointment: Appointment | undefined): void {
    if (appointment === undefined || appointment.index < 0) return
    this.#take(appointment)
    this.#setTimer()
  }

  [Symbol.dispose](): void {
    for (const appointment of this.#heap) appointment.index = -1
    this.#heap.length = 0
    this.#setTimer()
  }

  #run(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    let ran = false
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#take(first)
      first.run()
      ran = true
    }
    if (ran) this.#afterwards()
    this.#setTimer()
  }

  /**
   * Keeps a timer that fires early enough. Setting it again for each appointment would cost more than a firing without
   * work.
   */
  #setTimer(): void {
    const first = this.#heap[0]
    if (this.#timer && first && this.#timer.at <= first.at) return
    this.#timer?.handle.cancel()
    this.#timer = undefined
    if (!first) return
    // Whole milliseconds, since the clock may round a shorter delay down to no progress.
    const delayMs = Math.max(1, Math.ceil(first.at - this.#clock.now()))
    this.#timer = { at: first.at, handle: this.#clock.setTimeout(() => this.#run(), delayMs) }
  }

  #take(appointment: Appointment): void {
    const last = this.#heap.pop()
    if (last && last !== appointment) {
      this.#put(last, appointment.index)
      this.#rise(last)
      this.#sink(last)
    }
    appointment.index = -1
  }

  #rise(appointment: Appointment): void {
    while (appointment.index > 0) {
      const parent = this.#heap[(appointment.index - 1) >> 1]
      if (!parent || parent.at <= appointment.at) return
      this.#swap(parent, appointment)
    }
  }

  #sink(appointment: Appointment): void {
    for (;;) {
      const left = this.#heap[2 * appointment.index + 1]
      const right = this.#heap[2 * appointment.index + 2]
      const child = left && right && right.at < left.at ? right : left
      if (!child || child.at >= appointment.at) return
      this.#swap(appointment, child)
    }
  }

  #swap(upper: Appointment, lower: Appointment): void {
    const { index } = upper
    this.#put(upper, lower.index)
    this.#put(lower, index)
  }

  #put(appointment: Appointment, index: number): void {
    appointment.index = index
    this.#heap[index] = appointment
  }
}
