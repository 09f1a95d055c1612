/**
 * Kills a process at a step of its work that the test counts, such as a request to the process or from it.
 *
 * A kill after a time would hit an idle process on a fast machine, and one that has hardly begun on a slow machine.
 */
export class KillAtStep {
  #stepsLeft = Number.POSITIVE_INFINITY
  #kill = (): void => {}

  /** Calls `kill` within the `nth` call of `step` from now on. Resolves when `kill` has resolved. */
  arm(nth: number, kill: () => Promise<void>): Promise<void> {
    this.#stepsLeft = nth
    return new Promise((resolve, reject) => {
      this.#kill = () => void kill().then(resolve, reject)
    })
  }

  step(): void {
    this.#stepsLeft--
    if (this.#stepsLeft === 0) this.#kill()
  }
}
