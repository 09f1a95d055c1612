import { PinqlError } from '../../../domain/errors.ts'

/**
 * Runs a check that makes itself superfluous. Callers that come while it runs wait for it, and check for themselves only if it
 * found nothing out.
 */
export class OneAtATime {
  #running: Promise<void> | undefined

  /** True while a check runs. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /**
   * Runs a check, or waits for the one that runs. Does nothing if the check is not needed.
   *
   * @param isOpen returns true while the check is needed
   * @param mayJoin returns true if this check may run beside others that found nothing out. Default: always.
   * @throws whatever `check` rejects with. The failure of another caller's check is not thrown.
   */
  async run(isOpen: () => boolean, check: () => Promise<void>, mayJoin: () => boolean = () => true): Promise<void> {
    while (isOpen()) {
      const running = this.#running
      if (running === undefined || ((await hasEnded(running)) && isOpen() && mayJoin())) return this.#begin(check)
    }
  }

  async #begin(check: () => Promise<void>): Promise<void> {
    const running = check()
    this.#running ??= running
    try {
      await running
    } finally {
      if (this.#running === running) this.#running = undefined
    }
  }
}

/**
 * Waits for a check. Returns false if it was aborted since its caller left. Then another caller begins it again, and the rest go on
 * waiting. Any other failure is reported by the caller whose check it was.
 */
function hasEnded(check: Promise<void>): Promise<boolean> {
  return check.then(
    () => true,
    (error: unknown) => error instanceof PinqlError,
  )
}
