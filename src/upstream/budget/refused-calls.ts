/** Number of refused calls that are remembered. All further calls get the time that follows the last of them. */
const MOST = 1000

/** The refused calls of a lane that have not come back yet. */
export class RefusedCalls {
  /** When they were told to come back: clock times in ascending order, by caller. */
  readonly #byCaller = new Map<string | undefined, number[]>()
  #size = 0

  /** Returns the number of them that come before another call of this caller, if callers take turns. */
  ahead(caller: string | undefined, now: number): number {
    this.#forgetPast(now)
    const own = this.#byCaller.get(caller)?.length ?? 0
    const others = this.#byCaller.size - (own > 0 ? 1 : 0)
    return own + Math.min(this.#size - own, others * (own + 1))
  }

  /** @param at when the call was told to come back */
  add(caller: string | undefined, at: number): void {
    // So a flood of calls gets no time later than the end of the longest queue.
    if (this.#size === MOST) return
    const own = this.#byCaller.get(caller)
    if (own) own.push(at)
    else this.#byCaller.set(caller, [at])
    this.#size += 1
  }

  #forgetPast(now: number): void {
    for (const [caller, times] of this.#byCaller) {
      const next = times.findIndex((at) => at > now)
      const past = next < 0 ? times.length : next
      if (past === 0) continue
      times.splice(0, past)
      this.#size -= past
      if (times.length === 0) this.#byCaller.delete(caller)
    }
  }
}
