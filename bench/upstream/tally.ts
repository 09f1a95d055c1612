/** Counts how calls of one kind end. */
export class Tally {
  asked = 0
  answered = 0
  longestMs = 0
  /** Times of each failure, by its text. */
  readonly failures = new Map<string, number>()

  /** The part that was answered. */
  get rate(): number {
    return this.answered / this.asked
  }

  async count(call: Promise<unknown>): Promise<void> {
    this.asked++
    const startedAt = performance.now()
    try {
      await call
      this.answered++
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.failures.set(text, (this.failures.get(text) ?? 0) + 1)
    }
    this.longestMs = Math.max(this.longestMs, performance.now() - startedAt)
  }
}
