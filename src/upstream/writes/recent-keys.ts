import type { Clock } from '../waiting/clock.ts'

/** More than a service takes writes of one token within a minute, but for one that shows them in its lists at once. */
const MAX_KEYS = 10_000

/** Keys with values that are kept for a limited time. Of more than 10,000, the oldest are forgotten. */
export class RecentKeys<Value> {
  readonly #clock: Clock
  readonly #lifetimeMs: number
  /** Oldest first. */
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>()

  constructor(clock: Clock, lifetimeMs: number) {
    this.#clock = clock
    this.#lifetimeMs = lifetimeMs
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: this.#clock.now() + this.#lifetimeMs })
    this.#forgetOld()
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_KEYS && oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  get(key: string): Value | undefined {
    this.#forgetOld()
    return this.#entries.get(key)?.value
  }

  has(key: string): boolean {
    this.#forgetOld()
    return this.#entries.has(key)
  }

  /** Oldest first. */
  *entries(): Generator<[key: string, value: Value]> {
    this.#forgetOld()
    for (const [key, { value }] of this.#entries) yield [key, value]
  }

  #forgetOld(): void {
    const now = this.#clock.now()
    for (const [key, { until }] of this.#entries) {
      if (until > now) return
      this.#entries.delete(key)
    }
  }
}
