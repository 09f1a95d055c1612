import { setMaxListeners } from 'node:events'

/** One call that is under way. */
interface Flight {
  readonly promise: Promise<unknown>
  readonly stop: AbortController
  waiting: number
  isOver: boolean
}

/**
 * Lets equal reads that are under way at the same time share one call.
 *
 * The call goes on while anybody waits for it: one caller that goes away does not take the answer from the others, and
 * the last one stops it.
 */
export class SingleFlight {
  readonly #flights = new Map<string, Flight>()

  /**
   * Joins the call under `key`, or starts it.
   *
   * @param key says all that the answer depends on, the tenant included
   * @param start makes the call; aborted when nobody waits any more
   * @throws `signal.reason` as soon as this caller's signal is aborted
   */
  async share<Value>(
    key: string,
    start: (signal: AbortSignal) => Promise<Value>,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Value> {
    const { signal } = options
    signal?.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#start(key, start)
    flight.waiting++
    try {
      return (await untilAborted(flight.promise, signal)) as Value
    } finally {
      flight.waiting--
      if (flight.waiting === 0 && !flight.isOver) {
        this.#end(key, flight)
        flight.stop.abort(signal?.reason)
      }
    }
  }

  /** How many different calls are under way. */
  get size(): number {
    return this.#flights.size
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<unknown>): Flight {
    const stop = new AbortController()
    const flight: Flight = { promise: start(stop.signal), stop, waiting: 0, isOver: false }
    this.#flights.set(key, flight)
    const end = (): void => this.#end(key, flight)
    flight.promise.then(end, end)
    return flight
  }

  #end(key: string, flight: Flight): void {
    flight.isOver = true
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}

/**
 * Waits for a promise, or until aborted; what is waited for goes on.
 *
 * @throws `signal.reason` when aborted
 */
export function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise
  // One request of a client may wait for a thousand calls, which Node would take for a leak.
  setMaxListeners(0, signal)
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
