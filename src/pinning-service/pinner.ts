import type { StringMap } from '../domain/pin.ts'
import { type FetchContext, FetchPin } from './fetch-pin.ts'
import { PinFailure } from './pin-failure.ts'
import type { PinStore, StoredPin } from './pin-store.ts'

export interface PinnerContext extends FetchContext {
  readonly pins: PinStore
  /** Called when a pin became `pinned` or `failed`. */
  readonly onSettled: () => void
  /** Called with what is no pin's fault. The pin fails all the same. */
  readonly onError: (error: unknown) => void
}

/**
 * Works off the queue: moves pins from `queued` over `pinning` to `pinned` or `failed`.
 *
 * The queue is the table of pins itself, so it has no size of its own and survives a restart. Owners have turns, the
 * one after the last one served first; no owner has more than its share of the places.
 */
export class Pinner {
  readonly #context: PinnerContext
  readonly #active = new Map<number, { owner: number; fetch: FetchPin; done: Promise<void> }>()
  #lastOwner = 0
  #isStopped = false

  constructor(context: PinnerContext) {
    this.#context = context
  }

  /** Starts as many queued pins as there are free places. Call it whenever a pin was added. */
  wake(): void {
    const { limits, pins } = this.#context
    while (!this.#isStopped && this.#active.size < limits.activePins) {
      const pin = pins.nextQueued(this.#lastOwner, this.#busyOwners())
      if (!pin) return
      this.#lastOwner = pin.owner
      this.#start(pin)
    }
  }

  /** Gives up a pin that was removed. */
  cancel(created: number): void {
    this.#active.get(created)?.fetch.cancel(new Error('The pin was removed'))
  }

  /** What can be told of a pin that is being fetched; empty for any other. */
  progressOf(created: number): StringMap {
    return this.#active.get(created)?.fetch.progress() ?? {}
  }

  /** Stops all transfers where they are; the next start goes on with them. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const active = [...this.#active.values()]
    for (const { fetch } of active) fetch.cancel(new Error('The service stops'))
    await Promise.all(active.map(({ done }) => done))
  }

  #busyOwners(): number[] {
    const places = new Map<number, number>()
    for (const { owner } of this.#active.values()) places.set(owner, (places.get(owner) ?? 0) + 1)
    const share = this.#context.limits.activePinsPerToken
    return [...places].filter(([, count]) => count >= share).map(([owner]) => owner)
  }

  #start(pin: StoredPin): void {
    const fetch = new FetchPin(pin, this.#context)
    this.#context.pins.setStatus(pin.created, 'pinning', { status_details: 'Fetching blocks' })
    const done = this.#run(pin, fetch).finally(() => {
      this.#active.delete(pin.created)
      this.wake()
    })
    this.#active.set(pin.created, { owner: pin.owner, fetch, done })
  }

  async #run(pin: StoredPin, fetch: FetchPin): Promise<void> {
    const { pins, onError, onSettled } = this.#context
    try {
      await fetch.run()
      pins.setStatus(pin.created, 'pinned', { status_details: 'All blocks are stored', ...fetch.summary() })
    } catch (error) {
      if (this.#isStopped || !pins.getByKey(pin.created)) return
      if (!(error instanceof PinFailure)) onError(error)
      const details = error instanceof PinFailure ? error.message : `The service failed: ${String(error)}`
      pins.setStatus(pin.created, 'failed', { status_details: details, ...fetch.progress() })
    }
    onSettled()
  }
}
