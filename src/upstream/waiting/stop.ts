import { setMaxListeners } from 'node:events'

/**
 * An operation that calls to services are made for, as far as upstream knows it: the key of its caller. Calls take turns by it.
 * Each object stands for one operation, even if two have the same caller.
 */
export interface Asker {
  readonly callerKey: string
}

/** The operations that wait for something. */
export interface WaitingOperations {
  /** The operation in whose turn calls are made: the one that waits longest. Undefined when no operation waits. */
  readonly asker?: Asker | undefined
  /**
   * Ids of the operations that wait now, each once: the `x-request-id` of their HTTP requests. Absent or empty when no operation
   * waits, as for a poll.
   */
  readonly operationIds?: readonly string[] | undefined
  /** Clock time at which the operation began in whose turn calls are made. Undefined when nobody knows. */
  readonly since?: number | undefined
  /** Clock time at which the first of the operations ends, answered or not. Undefined when none of them has a time limit. */
  readonly endsAt?: number | undefined
}

/** The part of `AbortSignal` that calls to services use. Both `AbortSignal` and {@link Stop} have it, and `Stop` costs less. */
export interface StopSignal extends WaitingOperations {
  readonly aborted: boolean
  /** Undefined until aborted. */
  readonly reason: unknown
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * Aborts one call, and is also its signal.
 *
 * Every call has a `Stop`, and nearly none is ever aborted. An `AbortController` with one listener would cost several
 * microseconds, a tenth of the whole call.
 */
export class Stop implements StopSignal {
  /** The operations that wait for this call. Undefined when no operation waits. */
  waiting: WaitingOperations | undefined
  /**
   * Set by a call that waits for its turn, and called with each further operation that begins to wait for it. The call sets
   * it to undefined when it waits no longer.
   *
   * Assign it directly, also where several places do the same. A function handed over as an argument kept tenants in memory,
   * in 2 of 26 runs of the budget's tests.
   */
  onAsker: ((asker: Asker) => void) | undefined
  #isAborted = false
  #reason: unknown
  /** Most calls have one listener. */
  #first: (() => void) | undefined
  #others: Set<() => void> | undefined

  /** @param waiting see {@link Stop.waiting}. It is read only when an observer gets an event. */
  constructor(waiting?: WaitingOperations) {
    this.waiting = waiting
  }

  get operationIds(): readonly string[] {
    return this.waiting?.operationIds ?? []
  }

  get asker(): Asker | undefined {
    return this.waiting?.asker
  }

  get since(): number | undefined {
    return this.waiting?.since
  }

  get endsAt(): number | undefined {
    return this.waiting?.endsAt
  }

  get aborted(): boolean {
    return this.#isAborted
  }

  get reason(): unknown {
    return this.#reason
  }

  /**
   * Calls every listener, in the order in which they were added. Only the first call counts. Default reason: an
   * `AbortError`.
   */
  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#reason = reason
    this.#first?.()
    // A listener may remove later ones.
    for (const listener of this.#others ?? []) listener()
    this.#first = undefined
    this.#others = undefined
  }

  throwIfAborted(): void {
    if (this.#isAborted) throw this.#reason
  }

  /** Adds a listener that is called once, if the signal is aborted later. */
  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#isAborted || this.#first === listener) return
    if (this.#first === undefined && this.#others === undefined) {
      this.#first = listener
      return
    }
    this.#others ??= new Set()
    this.#others.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === listener) this.#first = undefined
    else this.#others?.delete(listener)
  }

  /** Aborts this call when another signal is aborted. Returns a function that ends this. */
  follow(signal: StopSignal): () => void {
    if (signal.aborted) this.abort(signal.reason)
    const onAbort = (): void => this.abort(signal.reason)
    listen(signal, onAbort)
    return () => signal.removeEventListener('abort', onAbort)
  }
}

/** Calls `onAbort` once, when a signal is aborted. */
export function listen(signal: StopSignal, onAbort: () => void): void {
  // One request of a client may wait for a thousand calls. Node would take that many listeners for a leak.
  if (signal instanceof EventTarget) setMaxListeners(0, signal)
  signal.addEventListener('abort', onAbort, { once: true })
}

/** Returns the first clock time at which one of the operations ends. Undefined when none has a time limit. */
export function firstEndOf(all: Iterable<WaitingOperations>): number | undefined {
  let first: number | undefined
  for (const { endsAt } of all) if (endsAt !== undefined) first = Math.min(first ?? endsAt, endsAt)
  return first
}

/** Returns the ids of all operations, each once, in the order of their first occurrence. */
export function unionOfOperationIds(all: Iterable<WaitingOperations>): readonly string[] {
  const union = new Set<string>()
  for (const { operationIds = [] } of all) for (const each of operationIds) union.add(each)
  return [...union]
}
