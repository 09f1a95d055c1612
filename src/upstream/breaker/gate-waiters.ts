import type { Clock } from '../waiting/clock.ts'
import { listen, type StopSignal } from '../waiting/stop.ts'
import type { GateWaiter, Trial } from './visit.ts'

/** Maximum number of calls that wait for one service at the same time: of all tenants, and of one tenant or all that share a turn. */
const MAX_WAITING = 10_000
const MAX_WAITING_OF_TENANT = 1_000

/** The ends of a wait that the gate does not bring about. */
interface WaitEnd {
  /** Milliseconds until the waiter gives up, and its error then. */
  readonly inMs: number
  refusal(): Error
  /** The waiter gives up when this is aborted, with its reason. */
  readonly signal: StopSignal | undefined
}

/** The calls and late probes that wait at the gate, by arrival. Each waits until it is let go, its time is over, or its caller is gone. */
export class GateWaiters implements Iterable<GateWaiter> {
  readonly #clock: Clock
  readonly #onEmpty: () => void
  readonly #waiting = new Set<GateWaiter>()
  /** Number of waiters of each tenant that has any, or of all that share a turn. */
  readonly #ofGroup = new Map<string, number>()

  /** @param onEmpty called when the last waiter has left */
  constructor(clock: Clock, onEmpty: () => void) {
    this.#clock = clock
    this.#onEmpty = onEmpty
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** Returns whether no further call of a tenant, or of those that share its turn, may wait. */
  isFull(group: string): boolean {
    return this.#waiting.size >= MAX_WAITING || (this.#ofGroup.get(group) ?? 0) >= MAX_WAITING_OF_TENANT
  }

  [Symbol.iterator](): Iterator<GateWaiter> {
    return this.#waiting.values()
  }

  /** Adds a waiter. Resolves with the trial, or null, with which it leaves. Rejects with the error with which it fails. */
  enter(
    who: Pick<GateWaiter, 'tenantKey' | 'group' | 'keys' | 'visit'>,
    { inMs, refusal, signal }: WaitEnd,
  ): Promise<Trial | null> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', abort)
        this.#remove(waiter)
      }
      const waiter: GateWaiter = {
        ...who,
        leave: (trial) => {
          end()
          resolve(trial)
        },
        fail: (error) => {
          end()
          reject(error)
        },
      }
      const abort = (): void => waiter.fail(signal?.reason)
      const timer = this.#clock.setTimeout(() => waiter.fail(refusal()), inMs, { keepsAlive: true })
      if (signal) listen(signal, abort)
      this.#waiting.add(waiter)
      this.#count(who.group, 1)
    })
  }

  /** Lets the waiters go whose tenants need not wait any more. */
  letGo(mayGo: (tenantKey: string) => boolean): void {
    for (const waiter of [...this.#waiting]) if (mayGo(waiter.tenantKey)) waiter.leave(null)
  }

  failAll(error: unknown): void {
    for (const waiter of [...this.#waiting]) waiter.fail(error)
  }

  #remove(waiter: GateWaiter): void {
    if (!this.#waiting.delete(waiter)) return
    this.#count(waiter.group, -1)
    if (this.isEmpty) this.#onEmpty()
  }

  #count(group: string, more: 1 | -1): void {
    const waiting = (this.#ofGroup.get(group) ?? 0) + more
    if (waiting > 0) this.#ofGroup.set(group, waiting)
    else this.#ofGroup.delete(group)
  }
}
