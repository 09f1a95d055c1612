import type { Clock } from '../waiting/clock.ts'
import { ENDPOINTS, type Endpoint } from './rate-limit.ts'
import { sum } from './sum.ts'

/** Time constant of the average: a call counts for about this long. */
const MEMORY_MS = 10_000

/** Calls per millisecond, as of one instant. */
interface Rate {
  perMs: number
  at: number
}

/** Measures the rate of calls, averaged over the last seconds. */
export class CallMeter {
  readonly #clock: Clock
  readonly #rates = new Map<Endpoint, Rate>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(endpoint: Endpoint): void {
    const rate = this.#rates.get(endpoint) ?? { perMs: 0, at: 0 }
    const now = this.#clock.now()
    rate.perMs = rateAt(rate, now) + 1 / MEMORY_MS
    rate.at = now
    this.#rates.set(endpoint, rate)
  }

  /** Calls per millisecond, to one endpoint or to all of them. */
  perMs(endpoint: Endpoint | 'all'): number {
    if (endpoint === 'all') return sum(ENDPOINTS, (each) => this.perMs(each))
    const rate = this.#rates.get(endpoint)
    return rate ? rateAt(rate, this.#clock.now()) : 0
  }
}

function rateAt({ perMs, at }: Rate, now: number): number {
  return perMs * Math.exp((at - now) / MEMORY_MS)
}
