import { setImmediate } from 'node:timers/promises'
import { isBusy } from '../../storage/storage-trouble.ts'
import type { Keeper } from './keeper.ts'
import { retryDelayMs } from './retry-delay.ts'

/** Collects garbage in small steps, so that requests and transfers go on meanwhile. Retries after a failure. */
export class GarbageCollector {
  readonly #keeper: Pick<Keeper, 'collectSome'>
  readonly #onError: (error: unknown) => void
  #running: Promise<void> | null = null
  #retryTimer: NodeJS.Timeout | null = null
  #failures = 0
  #isStopped = false

  constructor(keeper: Pick<Keeper, 'collectSome'>, onError: (error: unknown) => void) {
    this.#keeper = keeper
    this.#onError = onError
  }

  /** Starts to collect. Called whenever a pin is removed or settles. */
  wake(): void {
    if (this.#isStopped) return
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#retryTimer) clearTimeout(this.#retryTimer)
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      do await setImmediate()
      while (!this.#isStopped && (await this.#keeper.collectSome()))
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
