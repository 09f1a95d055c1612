import { setImmediate } from 'node:timers/promises'
import type { BlockStore } from './block-store.ts'

/** Collects garbage a little at a time, so that requests and transfers go on meanwhile. */
export class Collector {
  readonly #blocks: BlockStore
  readonly #onError: (error: unknown) => void
  #running: Promise<void> | null = null
  #isStopped = false

  constructor(blocks: BlockStore, onError: (error: unknown) => void) {
    this.#blocks = blocks
    this.#onError = onError
  }

  /** Call it whenever a pin was removed or settled. */
  wake(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      do await setImmediate()
      while (!this.#isStopped && this.#blocks.collectSome())
    } catch (error) {
      this.#onError(error)
    }
  }
}
