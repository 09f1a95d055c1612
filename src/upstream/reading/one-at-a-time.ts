/**
 * Runs a check that makes itself superfluous. Callers that come while it runs wait for it, and check for themselves only if it
 * found nothing out.
 */
export class OneAtATime {
  #running: Promise<void> | undefined

  /** @param isOpen returns true while the check is needed */
  async run(isOpen: () => boolean, check: () => Promise<void>): Promise<void> {
    // A failure is reported by the caller whose check it was.
    await this.#running?.catch(() => {})
    if (!isOpen()) return
    const running = check()
    this.#running ??= running
    try {
      await running
    } finally {
      if (this.#running === running) this.#running = undefined
    }
  }
}
