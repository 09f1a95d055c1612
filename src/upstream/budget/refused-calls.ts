/** Number of refused calls that are remembered. All further calls get the time that follows the last of them. */
const MOST = 1000

/** The refused calls of a tenant that have not come back yet. */
export class RefusedCalls {
  /** When they were told to come back: clock times, by caller. */
  readonly #byCaller = new Map<string | undefined, number[]>()
  /** The times as {@link isTold} compares them. */
  readonly #told = new Set<string>()
  #size = 0
  #firstAt = Number.POSITIVE_INFINITY

  /** The first time at which a call was told to come back. Infinity without calls. */
  get firstAt(): number {
    return this.#firstAt
  }

  sizeAt(now: number): number {
    this.#forgetPast(now)
    return this.#size
  }

  /** Returns the number of them that come before another call of this caller, if callers take turns. */
  ahead(callerKey: string | undefined, now: number): number {
    this.#forgetPast(now)
    const own = this.#byCaller.get(callerKey)?.length ?? 0
    const others = this.#byCaller.size - (own > 0 ? 1 : 0)
    return own + Math.min(this.#size - own, others * (own + 1))
  }

  /**
   * Refuses a call. Returns the milliseconds after which it should come back: a time of its own, behind the refused calls that have
   * their turns before it.
   *
   * @param waitMs returns the milliseconds that the call would wait behind so many refused calls
   */
  refuse(callerKey: string | undefined, now: number, waitMs: (behind: number) => number): number {
    const inMs = waitMs(this.ahead(callerKey, now))
    this.add(callerKey, now + inMs)
    return inMs
  }

  /**
   * Returns whether a call of another caller that had as many refused before it was told the same time. A caller with more refused
   * calls has been told later times, of which others may come first.
   */
  isTold(callerKey: string | undefined, at: number, now: number): boolean {
    this.#forgetPast(now)
    return this.#told.has(toldKey(this.#byCaller.get(callerKey)?.length ?? 0, at))
  }

  /**
   * @param at when the call was told to come back
   * @returns false if too many are remembered already
   */
  add(callerKey: string | undefined, at: number): boolean {
    // So a flood of calls gets no time later than the end of the longest queue.
    if (this.#size === MOST) return false
    const own = this.#byCaller.get(callerKey)
    this.#told.add(toldKey(own?.length ?? 0, at))
    if (own) own.push(at)
    else this.#byCaller.set(callerKey, [at])
    this.#size += 1
    this.#firstAt = Math.min(this.#firstAt, at)
    return true
  }

  #forgetPast(now: number): void {
    if (this.#firstAt > now) return
    this.#firstAt = Number.POSITIVE_INFINITY
    this.#size = 0
    this.#told.clear()
    for (const [callerKey, times] of this.#byCaller) {
      const left = times.filter((at) => at > now)
      if (left.length === 0) this.#byCaller.delete(callerKey)
      else this.#byCaller.set(callerKey, left)
      this.#size += left.length
      left.forEach((at, before) => {
        this.#firstAt = Math.min(this.#firstAt, at)
        this.#told.add(toldKey(before, at))
      })
    }
  }
}

/** Times within a millisecond count as equal. */
function toldKey(before: number, at: number): string {
  return `${before} ${Math.round(at)}`
}
