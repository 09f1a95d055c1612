import type { Endpoint, RateLimit } from '../../upstream/budget/rate-limit.ts'
import { safePace } from '../../upstream/budget/safe-pace.ts'
import { tokenKeyOf } from '../../upstream/budget/token-key.ts'

/** Largest and smallest part of a service's budget for polls. In between, polls use what queries and changes leave. */
const LIVE_SHARE = 0.8
const LIVE_FLOOR = 0.2
/** Largest change rate that counts for a tenant's share, so that a tenant with very many pins does not starve the others. */
const LARGEST_CHANGE_RATE = 4
/** The stretch is computed again after this part of the tenants has changed. */
const DRIFT = 0.1

/** The polls that one tenant wants: how often, and what each costs. */
export interface PollDemand {
  /** Expected changes per second, see `changeRateOf`. */
  readonly changeRate: number
  /** Milliseconds from poll to poll when no other tenant wants the budget. */
  readonly shortestMs: number
  /** Part of an even share: 1 with unsettled pins, less when no change is expected. */
  readonly share: number
  /** Number of requests of one poll. */
  readonly requests: number
  readonly endpoint: Endpoint
}

/** A limit of a service, published or assumed. */
export type CadenceLimit = Pick<RateLimit, 'limit' | 'windowMs' | 'scope' | 'endpoint'>

/** The queries and changes of all tenants under the same limits. They come before polls. */
export interface UrgentCalls {
  /** Calls per millisecond, on average over the last seconds. */
  perMs(endpoint: Endpoint | 'all'): number
}

interface Member {
  /** Part of the budget that the tenant would use alone. */
  readonly wanted: number
  /** Weight by which the first half of the budget is shared. */
  readonly share: number
  /** Weight by which the second half is shared. */
  readonly weight: number
}

/**
 * Shares the polls of one service, or of all services with the same budget, among their watched tenants, so that all polls
 * together keep within the budget. Tenants with the same token share its limits evenly. Tenants whose service has not accepted their
 * token yet poll, all together, as often as one.
 *
 * Half of the budget is shared evenly, which bounds the longest delay. The other half is shared by the square root of the
 * expected changes, which minimises the mean delay. The other tenants get what a tenant does not need.
 */
export class Cadence {
  readonly #limits: readonly CadenceLimit[]
  readonly #urgentCalls: UrgentCalls
  /** By place: the key of a tenant, or the one that several share. */
  readonly #members = new Map<string, Member>()
  /** Keys of the watched tenants with the same token, by the key of the token: one tenant for each service that gets the token. */
  readonly #tenantKeys = new Map<string, Set<string>>()
  /** Keys of the watched tenants that share a place, by its key. */
  readonly #sharers = new Map<string, Set<string>>()
  /** Keys of the shared places, by tenant. */
  readonly #placeOf = new Map<string, string>()
  #shares = 0
  #weights = 0
  #wanted = 0
  /** Factor by which each share may grow, since some tenants do not need theirs. */
  #stretch = Number.POSITIVE_INFINITY
  #answersUntilStale = 0

  constructor(limits: readonly CadenceLimit[], urgentCalls: UrgentCalls) {
    this.#limits = limits
    this.#urgentCalls = urgentCalls
  }

  /**
   * Returns the milliseconds from a tenant's last poll to its next.
   *
   * @param options.isReview true when only the demands of other tenants may have changed. The tenant then keeps its claim
   * @param options.sharedTurn key of the place that the tenant shares. Default: it has one of its own.
   */
  intervalMs(
    tenantKey: string,
    demand: PollDemand,
    options: { readonly isReview?: boolean; readonly sharedTurn?: string | undefined } = {},
  ): number {
    const { isReview = false, sharedTurn } = options
    const sharers = this.#take(tenantKey, sharedTurn)
    return sharers * this.#placesIntervalMs(sharedTurn ?? tenantKey, tenantKey, demand, isReview)
  }

  #placesIntervalMs(place: string, tenantKey: string, demand: PollDemand, isReview: boolean): number {
    const { requests, endpoint, shortestMs } = demand
    const perToken = requests * this.#slowestMs('token', endpoint) * this.#sharersOf(tenantKey)
    const fastestMs = Math.max(shortestMs, perToken)
    // Milliseconds that one poll takes of the budget of the whole service. 0 without such a limit.
    const takesMs = requests * this.#slowestMs('address', endpoint)
    if (takesMs === 0) return fastestMs
    const changeRate = Math.min(LARGEST_CHANGE_RATE, demand.changeRate)
    const claim = { wanted: takesMs / fastestMs, share: demand.share, weight: Math.sqrt(changeRate * takesMs) }
    const member = (isReview && this.#members.get(place)) || claim
    if (member === claim) this.#set(place, member)
    return Math.max(fastestMs, takesMs / (this.#level() * this.#shareOf(member)))
  }

  /** Gives a tenant's share to the others. */
  leave(tenantKey: string): void {
    const tokenKey = tokenKeyOf(tenantKey)
    const sharers = this.#tenantKeys.get(tokenKey)
    sharers?.delete(tenantKey)
    if (sharers?.size === 0) this.#tenantKeys.delete(tokenKey)
    this.#leavePlace(tenantKey, this.#placeOf.get(tenantKey))
  }

  /** Gives a tenant its place. Returns the number of tenants that share it. */
  #take(tenantKey: string, sharedTurn: string | undefined): number {
    const before = this.#placeOf.get(tenantKey)
    if (before !== sharedTurn) this.#leavePlace(tenantKey, before)
    if (sharedTurn === undefined) return 1
    this.#placeOf.set(tenantKey, sharedTurn)
    const sharers = this.#sharers.get(sharedTurn) ?? new Set()
    this.#sharers.set(sharedTurn, sharers.add(tenantKey))
    return sharers.size
  }

  #leavePlace(tenantKey: string, sharedTurn: string | undefined): void {
    if (sharedTurn === undefined) {
      this.#set(tenantKey, null)
      return
    }
    this.#placeOf.delete(tenantKey)
    const sharers = this.#sharers.get(sharedTurn)
    if (!sharers?.delete(tenantKey) || sharers.size > 0) return
    this.#sharers.delete(sharedTurn)
    this.#set(sharedTurn, null)
  }

  /** Returns the number of watched tenants with the tenant's token, itself included. */
  #sharersOf(tenantKey: string): number {
    const tokenKey = tokenKeyOf(tenantKey)
    const sharers = this.#tenantKeys.get(tokenKey)
    if (!sharers) this.#tenantKeys.set(tokenKey, new Set([tenantKey]))
    return sharers ? sharers.add(tenantKey).size : 1
  }

  #set(place: string, member: Member | null): void {
    const before = this.#members.get(place)
    this.#shares += (member?.share ?? 0) - (before?.share ?? 0)
    this.#weights += (member?.weight ?? 0) - (before?.weight ?? 0)
    this.#wanted += (member?.wanted ?? 0) - (before?.wanted ?? 0)
    if (member) this.#members.set(place, member)
    else this.#members.delete(place)
    // Rounding errors add up in sums of many small differences.
    if (this.#members.size === 0) this.#shares = this.#weights = this.#wanted = 0
    if (!before !== !member) this.#answersUntilStale -= 1 / DRIFT
    this.#answersUntilStale--
  }

  #shareOf(member: Member): number {
    return (0.5 * member.share) / this.#shares + (0.5 * member.weight) / this.#weights
  }

  /** Returns the factor at which all tenants together use the whole budget, and none uses more than it wants. */
  #level(): number {
    if (this.#wanted <= 1) return Number.POSITIVE_INFINITY
    if (this.#answersUntilStale > 0 && Number.isFinite(this.#stretch)) return this.#stretch
    this.#answersUntilStale = this.#members.size
    const members = [...this.#members.values()].map((member) => ({ ...member, share: this.#shareOf(member) }))
    members.sort((a, b) => a.wanted / a.share - b.wanted / b.share)
    // Tenants that want the least of their share get all that they want. The others share the rest.
    let left = 1
    let shares = members.reduce((sum, { share }) => sum + share, 0)
    this.#stretch = Number.POSITIVE_INFINITY
    for (const { wanted, share } of members) {
      // Not reached when all get what they want, and only rounding has brought the sum above 1.
      if (wanted / share > left / shares) {
        this.#stretch = left / shares
        break
      }
      left -= wanted
      shares -= share
    }
    return this.#stretch
  }

  /** Shortest milliseconds from request to request within the strictest limit. 0 without a limit. */
  #slowestMs(scope: RateLimit['scope'], endpoint: Endpoint): number {
    return this.#limits
      .filter((each) => each.scope === scope && (each.endpoint === endpoint || each.endpoint === 'all'))
      .reduce((slowest, limit) => Math.max(slowest, this.#intervalMs(limit)), 0)
  }

  #intervalMs(limit: CadenceLimit): number {
    const perMs = limit.limit / limit.windowMs
    // Urgent calls are subtracted from limits of the address only: the meter does not count them per token.
    const urgent = limit.scope === 'address' ? this.#urgentCalls.perMs(limit.endpoint) : 0
    const { intervalMs, pollIntervalMs } = safePace(limit)
    const left = 1 / intervalMs - urgent
    return 1 / Math.max(LIVE_FLOOR * perMs, Math.min(LIVE_SHARE * perMs, 1 / pollIntervalMs, left))
  }
}
