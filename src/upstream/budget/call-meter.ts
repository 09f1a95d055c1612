import type { Clock } from '../waiting/clock.ts'
import { ENDPOINTS, type Endpoint } from './rate-limit.ts'
import { sum } from './sum.ts'

/** Time constant of the average: a call counts for about this long. */
const MEMORY_MS = 10_000

/** Measures the rate of calls, averaged over the last seconds. */
export class CallMeter {
  readonly #clock: Clock
  readonly #rates = new Map<Endpoint, { perMs: number; at: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(endpoint: Endpoint): void {
    this.#rates.set(endpoint, { perMs: this.perMs(endpoint) + 1 / MEMORY_MS, at: this.#clock.now() })
  }

  /** Calls per millisecond, to one endpoint or to all of them. */
  perMs(endpoint: Endpoint | 'all'): number {
    if (endpoint === 'all') return sum(ENDPOINTS, (each) => this.perMs(each))
    const last = this.#rates.get(endpoint)
    return last ? last.perMs * Math.exp((last.at - this.#clock.now()) / MEMORY_MS) : 0
  }
}
