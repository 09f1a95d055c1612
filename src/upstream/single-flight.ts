import { listen, Stop, type StopSignal, unionOfRequestIds } from './stop.ts'

/** One call that is in flight, and its signal. */
class Flight extends Stop {
  /** Null when it is over. */
  promise: Promise<unknown> | null
  /** How many callers wait. */
  callers = 0
  /** The signals of the callers, for their request ids. A flight has one caller as a rule. */
  #first: StopSignal | undefined
  #others: Set<StopSignal> | undefined

  constructor(start: (signal: StopSignal) => Promise<unknown>) {
    super()
    this.promise = start(this)
  }

  override get requestIds(): readonly string[] {
    const signals = [...(this.#first ? [this.#first] : []), ...(this.#others ?? [])]
    // Callers that have left are those whose signal was aborted.
    return unionOfRequestIds(signals.filter(({ aborted }) => !aborted))
  }

  join(signal: StopSignal | undefined): void {
    this.callers++
    if (!signal || signal === this.#first) return
    if (!this.#first) this.#first = signal
    else {
      this.#others ??= new Set()
      this.#others.add(signal)
    }
  }

  get isOver(): boolean {
    return this.promise === null
  }

  /** Lets everything go: whatever still holds the flight must hold neither its answer nor its callers. */
  end(): void {
    this.promise = null
    this.#first = undefined
    this.#others = undefined
  }
}

/** Calls after which the map of calls in flight is copied. */
const FRESH_AFTER = 64

/**
 * Lets equal reads that are under way at the same time share one call.
 *
 * The call goes on while anybody waits for it: one caller that goes away does not take the answer from the others, and
 * the last one stops it.
 */
export class SingleFlight {
  #flights = new Map<string, Flight>()
  #started = 0

  /**
   * Joins the call under `key`, or starts it.
   *
   * @param key says all that the answer depends on, the tenant included
   * @param start makes the call; aborted when nobody waits any more
   * @param options.onShared of whoever starts the call: told its value, and how many wait for it, before any of these get it
   * @throws `signal.reason` as soon as this caller's signal is aborted
   */
  share<Value>(
    key: string,
    start: (signal: StopSignal) => Promise<Value>,
    options: { signal?: StopSignal | undefined; onShared?: (value: Value, waiting: number) => void } = {},
  ): Promise<Value> {
    const { signal, onShared } = options
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const flight = this.#flights.get(key) ?? this.#start(key, start, onShared)
      flight.join(signal)
      const leave = (): void => {
        reject(signal?.reason)
        flight.callers--
        if (flight.callers > 0 || flight.isOver) return
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

  /** How many different calls are under way. */
  get size(): number {
    return this.#flights.size
  }

  #start<Value>(
    key: string,
    start: (signal: StopSignal) => Promise<Value>,
    onShared?: (value: Value, waiting: number) => void,
  ): Flight {
    // V8's maps keep their earlier tables linked to the later ones. A table that has grown old thus keeps every later entry,
    // with its whole answer, from the cheap garbage collection; a copy has no earlier tables.
    if (++this.#started % FRESH_AFTER === 0) this.#flights = new Map(this.#flights)
    const flight = new Flight(start)
    this.#flights.set(key, flight)
    const end = (): void => this.#end(key, flight)
    flight.promise?.then((value) => {
      end()
      onShared?.(value as Value, flight.callers)
    }, end)
    return flight
  }

  #end(key: string, flight: Flight): void {
    flight.end()
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}
