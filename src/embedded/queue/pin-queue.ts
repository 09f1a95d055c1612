import { setTimeout as delay } from 'node:timers/promises'
import type { StringMap } from '../../domain/pin.ts'
import { isBusy, storageTrouble } from '../../storage/storage-trouble.ts'
import type { Limits } from '../limits.ts'
import { interruptionsIn } from '../store/interruptions.ts'
import type { PinStore } from '../store/pin-store.ts'
import type { StoredPin } from '../store/stored-pin.ts'
import { whenFree } from '../store/when-free.ts'
import { type Keeper, KeeperUnavailableError, PinFailedError, PinWaitsError, type Transfer } from './keeper.ts'
import { retryDelayMs } from './retry-delay.ts'
import { Suspects } from './suspects.ts'

/** Characters of `info.status_details`: room for a line about each of 20 origins. */
const MAX_DETAILS = 4_096
/** Milliseconds between two looks at a pin that is tried alone. */
const LOOK_MS = 1_000

export interface PinQueueContext {
  readonly pins: PinStore
  readonly keeper: Keeper
  readonly limits: Limits
  /** Called when a pin settled, or was given up because it was removed. */
  readonly onSettled: () => void
  /** Called with each failure that no pin caused. Passing failures are retried. Any other failure fails the pin as well. */
  readonly onError: (error: unknown) => void
}

interface ActivePin {
  readonly owner: number
  readonly abort: AbortController
  transfer: Transfer
  /** The reason to wait for another attempt. Null while none is awaited. */
  trouble: string | null
  done: Promise<void>
}

/**
 * Processes the queue: moves pins from `queued` over `pinning` to `pinned` or `failed`.
 *
 * The queue is the table of pins itself, so it has no limit and survives a restart. Owners take turns, and no owner has more
 * than its share of the places. A full disk, an absent keeper or a lack of memory fails no pin: the pin keeps its place, gives
 * the reason in its info, and is retried. Pins that may have broken the service off are tried alone, before all others.
 */
export class PinQueue {
  readonly #context: PinQueueContext
  readonly #active = new Map<number, ActivePin>()
  readonly #suspects: Suspects
  #lastOwner = 0
  #wakeTimer: NodeJS.Timeout | null = null
  #failedWakes = 0
  #stopped: Promise<void> | null = null

  constructor(context: PinQueueContext) {
    this.#context = context
    this.#suspects = new Suspects(context.pins)
  }

  /** Starts as many queued pins as there are free places. Called whenever a pin is added. */
  wake(): void {
    const { limits, pins, onError } = this.#context
    try {
      while (!this.#stopped && !this.#suspects.isTrying && this.#active.size < limits.activePins) {
        const suspect = this.#suspects.next()
        if (suspect) {
          this.#try(suspect)
          break
        }
        const pin = pins.nextQueued(this.#lastOwner, this.#busyOwners())
        if (!pin) break
        this.#start(pin, 'Fetching blocks')
        this.#lastOwner = pin.owner
      }
      this.#failedWakes = 0
    } catch (error) {
      // The added pin is still queued, so the request that added it must not fail.
      if (!isBusy(error)) onError(error)
      this.#wakeTimer ??= setTimeout(
        () => {
          this.#wakeTimer = null
          this.wake()
        },
        retryDelayMs(this.#failedWakes++),
      )
    }
  }

  /** Stops the transfer of a pin that was removed. */
  cancel(created: number): void {
    this.#active.get(created)?.abort.abort(new Error('The pin was removed'))
  }

  /** Returns the progress of a pin that is being fetched. Empty for every other pin. */
  progressOf(created: number): StringMap {
    const active = this.#active.get(created)
    if (!active) return {}
    return { ...active.transfer.progress(), ...(active.trouble === null ? {} : { status_details: active.trouble }) }
  }

  /**
   * Stops all transfers. The next start of the service goes on with them. Further calls return the same promise.
   *
   * The pins are queued again before this method returns: whatever ends the process from now on is no interruption of them.
   *
   * @returns resolves when the transfers have ended. Those of Kubo may end only when the keeper is disposed.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    if (this.#wakeTimer) clearTimeout(this.#wakeTimer)
    const active = [...this.#active.values()]
    const requeued = this.#requeue()
    for (const { abort } of active) abort.abort(new Error('The service stops'))
    await Promise.all([requeued, ...active.map(({ done }) => done)])
  }

  async #requeue(): Promise<void> {
    try {
      await whenFree(() => this.#context.pins.requeueUnfinished())
    } catch (error) {
      // The next start counts these pins as interrupted, which does no harm once.
      this.#context.onError(error)
    }
  }

  #busyOwners(): number[] {
    const places = new Map<number, number>()
    for (const { owner } of this.#active.values()) places.set(owner, (places.get(owner) ?? 0) + 1)
    const share = this.#context.limits.activePinsPerToken
    return [...places].filter(([, count]) => count >= share).map(([owner]) => owner)
  }

  /** Starts a pin that is suspected. No other pin is started until its trial ends. */
  #try(pin: StoredPin): void {
    const active = this.#start(pin, 'Fetching blocks, alone: the service broke off several times while it fetched this')
    this.#suspects.try(pin)
    const timer = setInterval(() => {
      if (active.trouble === null) this.#suspects.look(pin, active.transfer.progress())
      else this.#suspects.release(pin)
      if (this.#suspects.isTrying) return
      clearInterval(timer)
      this.wake()
    }, LOOK_MS)
    active.done = active.done.finally(() => clearInterval(timer))
  }

  #start(pin: StoredPin, details: string): ActivePin {
    const { pins, keeper } = this.#context
    pins.setStatus(pin.created, 'pinning', { status_details: details, ...interruptionsIn(pin.info) })
    const active: ActivePin = {
      owner: pin.owner,
      abort: new AbortController(),
      transfer: keeper.createTransfer(pin),
      trouble: null,
      done: Promise.resolve(),
    }
    this.#active.set(pin.created, active)
    active.done = this.#run(pin, active).finally(() => {
      this.#active.delete(pin.created)
      this.#suspects.release(pin)
      this.wake()
    })
    return active
  }

  /** Makes attempts until one of them settles the pin, or the pin is cancelled. */
  async #run(pin: StoredPin, active: ActivePin): Promise<void> {
    const { keeper, onError, onSettled } = this.#context
    const { signal } = active.abort
    for (let attempt = 0; !signal.aborted; attempt++) {
      if (attempt > 0) active.transfer = keeper.createTransfer(pin)
      try {
        await this.#attempt(pin, active)
        onSettled()
        return
      } catch (error) {
        if (signal.aborted) break
        const isKnown = [...this.#active.values()].some(({ trouble }) => trouble !== null)
        if (!isKnown && !(error instanceof PinWaitsError)) onError(error)
        active.trouble = shortened(`Waits to be tried again: ${troubleOf(error) ?? String(error)}`)
        await delay(retryDelayMs(attempt), null, { signal }).catch(() => {})
        active.trouble = null
      }
    }
    if (!this.#stopped) onSettled()
  }

  /** @throws the passing failure, or the reason of the cancellation, that keeps the pin unsettled */
  async #attempt(pin: StoredPin, { transfer, abort }: ActivePin): Promise<void> {
    const { pins, onError } = this.#context
    const cancel = (): void => transfer.cancel(abort.signal.reason)
    abort.signal.addEventListener('abort', cancel)
    try {
      await transfer.run()
      pins.setStatus(pin.created, 'pinned', { status_details: 'All blocks are stored', ...transfer.summary() })
    } catch (error) {
      if (abort.signal.aborted || troubleOf(error) !== null) throw error
      if (!(error instanceof PinFailedError)) onError(error)
      const details = error instanceof PinFailedError ? error.message : `The service failed: ${String(error)}`
      pins.setStatus(pin.created, 'failed', { status_details: shortened(details), ...transfer.progress() })
    } finally {
      abort.signal.removeEventListener('abort', cancel)
    }
  }
}

/** Shortens what origins and gateways are told to have said. Every list shows it. */
function shortened(details: string): string {
  if (details.length <= MAX_DETAILS) return details
  // Half of a surrogate pair has no UTF-8.
  return `${details.slice(0, MAX_DETAILS - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Describes a failure that passes by itself. Returns null for every other error. */
function troubleOf(error: unknown): string | null {
  const isPassing = error instanceof KeeperUnavailableError || error instanceof PinWaitsError
  return isPassing ? error.message : storageTrouble(error)
}
