/** Lets a number of works run at the same time. Further ones wait for their turn. */
export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /**
   * Runs a work when there is a slot.
   *
   * @throws the reason of the signal, when it aborts before
   */
  async use<Result>(work: () => Promise<Result>, options: { signal: AbortSignal }): Promise<Result> {
    await this.#take(options.signal)
    try {
      return await work()
    } finally {
      this.#give()
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.delete(enter)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave)
      this.#waiting.add(enter)
    })
  }

  /** Hands the slot to the work that has waited longest. */
  #give(): void {
    const [next] = this.#waiting
    if (!next) {
      this.#free++
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
