import { setImmediate } from 'node:timers/promises'
import { isBusy } from '../../storage/storage-trouble.ts'
import { retryDelayMs } from './retry-delay.ts'

/** Does a long work in small steps, so that requests and transfers go on meanwhile. Retries after a failure. */
export class BackgroundWork {
  readonly #doSome: () => boolean | Promise<boolean>
  readonly #onError: (error: unknown) => void
  #running: Promise<void> | null = null
  #retryTimer: NodeJS.Timeout | null = null
  #failures = 0
  #isStopped = false

  /**
   * @param doSome does one step. Returns false when nothing is left to do.
   * @param onError called with each failure, unless another process only held the database
   */
  constructor(doSome: () => boolean | Promise<boolean>, onError: (error: unknown) => void) {
    this.#doSome = doSome
    this.#onError = onError
  }

  /** Starts the work unless it runs. Called whenever there may be something to do. */
  wake(): void {
    if (this.#isStopped) return
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  /** Resolves when the step in flight is done, after which none follows. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#retryTimer) clearTimeout(this.#retryTimer)
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      do await setImmediate()
      while (!this.#isStopped && (await this.#doSome()))
      this.#failures = 0
    } catch (error) {
      if (this.#isStopped) return
      // Another process holds the database only for a moment, and everything waits for it.
      if (!isBusy(error)) this.#onError(error)
      this.#retryTimer ??= setTimeout(
        () => {
          this.#retryTimer = null
          this.wake()
        },
        retryDelayMs(this.#failures++),
      )
    }
  }
}
