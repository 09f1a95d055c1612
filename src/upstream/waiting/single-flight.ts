import { type Asker, firstEndOf, listen, Stop, type StopSignal, unionOfOperationIds } from './stop.ts'

/** A call in flight, which is also its own signal. */
class Flight extends Stop {
  /** Null when the call is over. */
  promise: Promise<unknown> | null
  /** Number of waiters that have not left. */
  waiters = 0
  /** The signals of the waiters, for the ids of their operations. Most flights have one waiter. */
  #first: StopSignal | undefined
  #others: Set<StopSignal> | undefined

  /** @param signal of the first waiter */
  constructor(start: (signal: StopSignal) => Promise<unknown>, signal: StopSignal | undefined) {
    super()
    this.join(signal)
    this.promise = start(this)
  }

  override get operationIds(): readonly string[] {
    return unionOfOperationIds(this.#waits())
  }

  override get asker(): Asker | undefined {
    const first = this.#first
    if (first?.asker && !first.aborted) return first.asker
    return this.#waits().find(({ asker }) => asker)?.asker
  }

  override get since(): number | undefined {
    const only = this.#only
    return only ? only.since : this.#waits()[0]?.since
  }

  override get endsAt(): number | undefined {
    const only = this.#only
    return only ? only.endsAt : firstEndOf(this.#waits())
  }

  join(signal: StopSignal | undefined): void {
    this.waiters++
    if (!signal || signal === this.#first) return
    if (!this.#first) this.#first = signal
    else {
      this.#others ??= new Set()
      if (this.#others.has(signal)) return
      this.#others.add(signal)
      if (signal.asker) this.onAsker?.(signal.asker)
    }
  }

  get isOver(): boolean {
    return this.promise === null
  }

  /** The signal of the only waiter, in the usual case. Undefined in any other. */
  get #only(): StopSignal | undefined {
    return this.#first && !this.#first.aborted && this.#others === undefined ? this.#first : undefined
  }

  /** Returns the signals of the waiters that have not left. */
  #waits(): StopSignal[] {
    const signals = [...(this.#first ? [this.#first] : []), ...(this.#others ?? [])]
    return signals.filter(({ aborted }) => !aborted)
  }

  /** Lets everything go: whatever still holds the flight must hold neither its answer nor its waiters. */
  end(): void {
    this.promise = null
    this.#first = undefined
    this.#others = undefined
  }
}

/** Number of calls after which the map of calls in flight is copied. */
const FRESH_AFTER = 64

/**
 * Coalesces equal reads: those in flight at the same time share one call.
 *
 * The call continues while anything waits for it. If one waiter leaves, the others still get the answer. If the last one
 * leaves, the call is aborted.
 */
export class SingleFlight {
  #flights = new Map<string, Flight>()
  #started = 0

  /**
   * Joins the call in flight under `key`, or starts it.
   *
   * @param key contains everything that the answer depends on, including the tenant
   * @param start makes the call. Its signal is aborted when nothing waits for it any more.
   * @param options.onShared taken from the `share` that starts the call, and called with the value and the number of
   *   waiters, before any of them gets the value.
   * @throws `signal.reason` as soon as `options.signal` is aborted
   * @throws whatever `start` rejects with
   */
  share<Value>(
    key: string,
    start: (signal: StopSignal) => Promise<Value>,
    options: { signal?: StopSignal | undefined; onShared?: (value: Value, waiting: number) => void } = {},
  ): Promise<Value> {
    const { signal } = options
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const known = this.#flights.get(key)
      known?.join(signal)
      const flight = known ?? this.#start(key, start, options)
      const leave = (): void => {
        reject(signal?.reason)
        flight.waiters--
        if (flight.waiters > 0 || flight.isOver) return
        this.#end(key, flight)
        flight.abort(signal?.reason)
      }
      if (signal) listen(signal, leave)
      flight.promise?.then(
        (value) => {
          signal?.removeEventListener('abort', leave)
          resolve(value as Value)
        },
        (error: unknown) => {
          signal?.removeEventListener('abort', leave)
          reject(error)
        },
      )
    })
  }

  /** Number of different calls in flight. Only tests read it, to see that no call is left over. */
  get size(): number {
    return this.#flights.size
  }

  #start<Value>(
    key: string,
    start: (signal: StopSignal) => Promise<Value>,
    { signal, onShared }: { signal?: StopSignal | undefined; onShared?: (value: Value, waiting: number) => void },
  ): Flight {
    // V8 links the earlier tables of a map to the later ones. So a table that has grown old keeps every later entry, with
    // its whole answer, alive past the cheap garbage collections. A copy has no earlier tables.
    if (++this.#started % FRESH_AFTER === 0) this.#flights = new Map(this.#flights)
    const flight = new Flight(start, signal)
    this.#flights.set(key, flight)
    const end = (): void => this.#end(key, flight)
    flight.promise?.then((value) => {
      end()
      onShared?.(value as Value, flight.waiters)
    }, end)
    return flight
  }

  #end(key: string, flight: Flight): void {
    flight.end()
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}
