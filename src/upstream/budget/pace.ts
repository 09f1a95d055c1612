/** A call with a permit that was not sent yet. */
interface HeldCall {
  readonly grantedAt: number
  /** See {@link Pace.at}. */
  readonly at: number
  readonly wasAwaited: boolean
}

/**
 * The pace of the calls of one kind: when the last one left, and when the next one may leave. It is the even gap between calls with
 * which none has to wait for an older one to leave the limit's window.
 *
 * A call that is given back leaves no trace, if calls that left after it did not depend on it. All instants are clock times.
 */
export class Pace {
  #at = Number.NEGATIVE_INFINITY
  #sentAt = Number.NEGATIVE_INFINITY
  /** In the order of their permits, and so of `at`. */
  readonly #held: HeldCall[] = []
  #next: number | undefined
  #isAwaited = false

  /** When the last call left, or should have left if its timer was late. Before the first call, minus infinity. */
  get at(): number {
    return this.#at
  }

  /** When the next call may leave. Undefined until it is planned. */
  get next(): number | undefined {
    return this.#next
  }

  plan(next: number): void {
    this.#next = next
  }

  /** Drops the plan, since the calls that count have changed. */
  replan(): void {
    this.#next = undefined
  }

  /** Notes that a call waits for its instant, and so may leave late. */
  expect(): void {
    this.#isAwaited = true
  }

  /**
   * Notes a call that gets its permit now.
   *
   * @param creditMs most milliseconds by which it may count as earlier, if it had to wait and its timer was late
   */
  take(now: number, creditMs: number): void {
    const planned = this.#isAwaited ? Math.min(this.#next ?? now, now) : now
    this.#at = Math.max(planned, now - creditMs)
    this.#held.push({ grantedAt: now, at: this.#at, wasAwaited: this.#isAwaited })
    this.#isAwaited = false
  }

  /** Notes that a call was sent. It can no longer be given back. */
  sent(grantedAt: number): void {
    // The usual case: no other call is held.
    const isOnly = this.#held.length === 1
    const call = isOnly ? this.#held.pop() : this.#held.find((each) => each.grantedAt === grantedAt)
    if (!call) return
    this.#sentAt = Math.max(this.#sentAt, call.at)
    if (!isOnly) this.#held.splice(this.#held.indexOf(call), 1)
  }

  /** Forgets a call. Of those with the same permit time, the last one. */
  giveBack(grantedAt: number): void {
    const index = this.#held.findLastIndex((call) => call.grantedAt === grantedAt)
    const [call] = index < 0 ? [] : this.#held.splice(index, 1)
    if (call?.wasAwaited) this.#isAwaited = true
    this.#at = Math.max(this.#sentAt, this.#held.at(-1)?.at ?? this.#sentAt)
  }

  /** Treats the last call as if it had left no earlier than `at`. */
  postpone(at: number): void {
    this.#sentAt = Math.max(this.#sentAt, at)
    this.#at = Math.max(this.#at, at)
  }
}
