/**
 * Lets equal reads that are under way at the same time share one call.
 *
 * The call goes on while anybody waits for it: one caller that goes away does not take the answer from the others, and
 * the last one stops it.
 */
export class SingleFlight {
  readonly #flights = new Map<string, { promise: Promise<unknown>; waiting: number; stop: AbortController }>()

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
      if (flight.waiting === 0) {
        if (this.#flights.get(key) === flight) this.#flights.delete(key)
        flight.stop.abort(signal?.reason)
      }
    }
  }

  /** How many different calls are under way. */
  get size(): number {
    return this.#flights.size
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<unknown>) {
    const stop = new AbortController()
    const promise = start(stop.signal)
    const flight = { promise, waiting: 0, stop }
    this.#flights.set(key, flight)
    const forget = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    promise.then(forget, forget)
    return flight
  }
}

function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
