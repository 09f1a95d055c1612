import { type Endpoint, type RateLimit, safePace } from '../../upstream/budget/rate-limit.ts'

/** The most of a service's budget that polls use, and the least, whatever queries and changes use of it. */
const LIVE_SHARE = 0.8
const LIVE_FLOOR = 0.2
/** How much of what changes counts for a tenant's share: one with very many pins must not starve the others. */
const LARGEST_CHANGE_RATE = 4
/** The levels are worked out anew when so much has changed. */
const DRIFT = 0.1

/** What a tenant's polls are for, and cost. */
export interface PollDemand {
  /** How many changes a second are to be expected, see `changeRateOf`. */
  readonly changeRate: number
  /** Milliseconds from poll to poll while nobody else wants the budget. */
  readonly shortestMs: number
  /** How much of an even share it takes: 1 where something is under way, less where only the unexpected may happen. */
  readonly share: number
  /** How many requests a poll takes. */
  readonly requests: number
  readonly endpoint: Endpoint
}

/** A published limit of a service. */
export type CadenceLimit = Pick<RateLimit, 'limit' | 'windowMs' | 'scope' | 'endpoint'>

/** The queries and changes of all tenants of a service. They come before polls. */
export interface UrgentCalls {
  /** Calls per millisecond, on average over the last seconds. */
  perMs(endpoint: Endpoint | 'all'): number
}

interface Member {
  /** The part of the budget that it would use if it were alone. */
  readonly wanted: number
  /** By which one half of the budget is shared. */
  readonly share: number
  /** By which the other half is shared. */
  readonly weight: number
}

/**
 * Shares a service's polls among the tenants that are watched, so that all of them together keep within the budget.
 *
 * Half of the budget is shared evenly; half by how likely something has changed. The second half follows the square
 * root of that likelihood, which makes the mean delay least; the first keeps the longest delay in bounds. What a tenant
 * does not need is left to the others.
 */
export class Cadence {
  readonly #limits: readonly CadenceLimit[]
  readonly #urgentCalls: UrgentCalls
  readonly #members = new Map<string, Member>()
  #shares = 0
  #weights = 0
  #wanted = 0
  /** By how much shares can be stretched, since not everybody needs theirs. */
  #stretch = Number.POSITIVE_INFINITY
  #answersUntilStale = 0

  /** @param urgentCalls of the service, which come before polls */
  constructor(limits: readonly CadenceLimit[], urgentCalls: UrgentCalls) {
    this.#limits = limits
    this.#urgentCalls = urgentCalls
  }

  /**
   * Milliseconds from a tenant's last poll to its next.
   *
   * @param options.isReview the tenant claims what it did when it was asked for last: only the others may have changed
   */
  intervalMs(tenant: string, demand: PollDemand, { isReview = false } = {}): number {
    const { requests, endpoint, shortestMs } = demand
    const perToken = requests * this.#slowestMs('token', endpoint)
    const fastestMs = Math.max(shortestMs, perToken)
    // The milliseconds that one poll takes of the whole service's budget; 0 where nothing limits that.
    const takesMs = requests * this.#slowestMs('address', endpoint)
    if (takesMs === 0) return fastestMs
    const changeRate = Math.min(LARGEST_CHANGE_RATE, demand.changeRate)
    const claim = { wanted: takesMs / fastestMs, share: demand.share, weight: Math.sqrt(changeRate * takesMs) }
    const member = (isReview && this.#members.get(tenant)) || claim
    if (member === claim) this.#set(tenant, member)
    return Math.max(fastestMs, takesMs / (this.#level() * this.#shareOf(member)))
  }

  /** Takes a tenant out of the sharing. */
  leave(tenant: string): void {
    this.#set(tenant, null)
  }

  #set(tenant: string, member: Member | null): void {
    const before = this.#members.get(tenant)
    this.#shares += (member?.share ?? 0) - (before?.share ?? 0)
    this.#weights += (member?.weight ?? 0) - (before?.weight ?? 0)
    this.#wanted += (member?.wanted ?? 0) - (before?.wanted ?? 0)
    if (member) this.#members.set(tenant, member)
    else this.#members.delete(tenant)
    // Sums of many small differences drift.
    if (this.#members.size === 0) this.#shares = this.#weights = this.#wanted = 0
    if (!before !== !member) this.#answersUntilStale -= 1 / DRIFT
    this.#answersUntilStale--
  }

  #shareOf(member: Member): number {
    return (0.5 * member.share) / this.#shares + (0.5 * member.weight) / this.#weights
  }

  /** The stretch at which all together use the whole budget, nobody more than they want. */
  #level(): number {
    if (this.#wanted <= 1) return Number.POSITIVE_INFINITY
    if (this.#answersUntilStale > 0 && Number.isFinite(this.#stretch)) return this.#stretch
    this.#answersUntilStale = this.#members.size
    const members = [...this.#members.values()].map((member) => ({ ...member, share: this.#shareOf(member) }))
    members.sort((a, b) => a.wanted / a.share - b.wanted / b.share)
    // Those who want least of their share get all of it; the rest is stretched over the others.
    let left = 1
    let shares = members.reduce((sum, { share }) => sum + share, 0)
    this.#stretch = Number.POSITIVE_INFINITY
    for (const { wanted, share } of members) {
      // Not reached where all get what they want, and only the sum of it has drifted above 1.
      if (wanted / share > left / shares) {
        this.#stretch = left / shares
        break
      }
      left -= wanted
      shares -= share
    }
    return this.#stretch
  }

  /** Milliseconds that the strictest limit leaves from poll to poll; 0 without one. */
  #slowestMs(scope: RateLimit['scope'], endpoint: Endpoint): number {
    return this.#limits
      .filter((each) => each.scope === scope && (each.endpoint === endpoint || each.endpoint === 'all'))
      .reduce((slowest, limit) => Math.max(slowest, this.#intervalMs(limit)), 0)
  }

  #intervalMs(limit: CadenceLimit): number {
    const perMs = limit.limit / limit.windowMs
    // What urgent calls leave of an address; how much of it each token's are is not known.
    const urgent = limit.scope === 'address' ? this.#urgentCalls.perMs(limit.endpoint) : 0
    const left = 1 / safePace(limit).intervalMs - urgent
    return 1 / Math.max(LIVE_FLOOR * perMs, Math.min(LIVE_SHARE * perMs, left))
  }
}
