import type { RateLimit } from '../upstream/budget/rate-limit.ts'

/** The part of a service's budget that polls may use when others want it too. */
const LIVE_SHARE = 0.8
/** Nobody is polled more often: a status that is a second old is fresh. */
const SHORTEST_MS = 1_000
/** Nobody is polled less often, while the budget allows. */
const LONGEST_MS = 30_000
/** Tenants with nothing under way are only watched for pins that come from elsewhere. */
const IDLE_MS = 5_000

/**
 * Shares a service's polls among the tenants that are watched.
 *
 * Half of the rate goes to all alike; half by how likely something has changed, which falls with the age of what is
 * under way. The second half follows the square root of that likelihood, which makes the mean delay least; the first
 * keeps the longest delay in bounds.
 */
export class Cadence {
  readonly #ratePerMs: number
  readonly #tenantRatePerMs: number
  readonly #weights = new Map<string, number>()
  #sum = 0

  constructor(limits: readonly Pick<RateLimit, 'limit' | 'windowMs' | 'scope' | 'endpoint'>[]) {
    const rates = (scope: RateLimit['scope']): number[] =>
      limits
        .filter((each) => each.scope === scope && (each.endpoint === 'list' || each.endpoint === 'all'))
        .map(({ limit, windowMs }) => (LIVE_SHARE * limit) / windowMs)
    this.#ratePerMs = Math.min(...rates('address'), Number.POSITIVE_INFINITY)
    this.#tenantRatePerMs = Math.min(...rates('token'), 1 / SHORTEST_MS)
  }

  /**
   * When to poll a tenant next.
   *
   * @param changeRate how many changes a second are to be expected of what it has under way, see {@link changeRateOf}
   * @returns milliseconds from its last poll to its next
   */
  intervalMs(tenant: string, changeRate: number): number {
    if (changeRate === 0) {
      this.leave(tenant)
      return IDLE_MS
    }
    this.#setWeight(tenant, Math.sqrt(changeRate))
    const count = this.#weights.size
    const share = 0.5 / count + (0.5 * (this.#weights.get(tenant) as number)) / this.#sum
    const rate = Math.min(this.#ratePerMs * share, this.#tenantRatePerMs)
    // What is under way for long is looked at less often, even where nothing else wants the budget.
    const calm = Math.min(5, Math.max(1, 1 / (10 * changeRate)))
    return Math.min(LONGEST_MS, Math.max(SHORTEST_MS * calm, 1 / rate))
  }

  /** Takes a tenant out of the sharing. */
  leave(tenant: string): void {
    this.#setWeight(tenant, 0)
    this.#weights.delete(tenant)
  }

  #setWeight(tenant: string, weight: number): void {
    this.#sum += weight - (this.#weights.get(tenant) ?? 0)
    this.#weights.set(tenant, weight)
  }
}

/** Changes a second to be expected of pins of these ages: many soon after they were added, fewer later. */
export function changeRateOf(agesMs: readonly number[]): number {
  return agesMs.reduce((sum, ageMs) => sum + 1 / (2 + Math.max(0, ageMs) / 1000), 0)
}
