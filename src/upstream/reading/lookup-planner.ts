import { safePace } from '../budget/rate-limit.ts'
import { RefusedCalls } from '../budget/refused-calls.ts'
import type { Service } from '../service/service.ts'
import { largestLimit } from './list-plan.ts'
import type { Lookup, LookupGroup } from './lookup-group.ts'

/** A kind of request: for one pin by its request id, for some CIDs by a list, or for all pins by a list. */
export type Way = 'item' | 'cids' | 'all'

/** All ways, the one with the smallest answer first. If two cost the same, the earlier one is taken. */
export const WAYS: readonly Way[] = ['item', 'cids', 'all']
const LIST_WAYS: readonly Way[] = ['cids', 'all']

type LookupEndpoint = 'item' | 'list'

/** A request that waits for budget, and the clock time at which it is expected to leave. */
export interface NextRequest {
  readonly endpoint: LookupEndpoint
  readonly leavesAt: number
}

/** The parts of a tenant on which the choice depends. */
export interface PlannedTenant {
  readonly key: string
  /** Number of the tenant's pins, if known. */
  total(): number | null
}

/** Chooses the requests for a tenant's waiting lookups: those that use the least of the service's limits. */
export class LookupPlanner {
  readonly #service: Service
  readonly #tenant: PlannedTenant
  readonly #waiting: LookupGroup
  /** Milliseconds of the service's limits that one request uses up. */
  readonly #costMs: Readonly<Record<LookupEndpoint, number>>
  /**
   * True if the service has separate limits for `GET /pins` and `GET /pins/{requestid}`. Then a permit for one is none for
   * the other.
   */
  readonly #countsApart: boolean
  /** The refused lookups that have not come back yet. They have places in the requests that they are to share. */
  readonly #refused = new RefusedCalls()
  /** The largest number of pins that one list is known to hold. */
  #longestList = Number.POSITIVE_INFINITY

  /** @param waiting the lookups that wait, at any time */
  constructor(service: Service, tenant: PlannedTenant, waiting: LookupGroup) {
    this.#service = service
    this.#tenant = tenant
    this.#waiting = waiting
    const costOf = (endpoint: LookupEndpoint): number =>
      service.limits
        .filter((limit) => limit.endpoint === endpoint || limit.endpoint === 'all')
        .reduce((most, limit) => Math.max(most, safePace(limit).intervalMs), 1)
    this.#costMs = { item: costOf('item'), list: costOf('list') }
    this.#countsApart = service.limits.some(({ endpoint }) => endpoint === 'item' || endpoint === 'list')
  }

  /**
   * Returns the cheapest kind of request for all waiting lookups, and the milliseconds until the last of these requests
   * would leave.
   *
   * @param next the request that waits for budget already
   * @param extra a lookup that is about to be added
   */
  plan(ways: readonly Way[], next: NextRequest | undefined, extra?: Lookup): { way: Way; waitMs: number } {
    const { cidFilter, maxCids } = this.#service.capabilities
    const { size, cidCount, hasContents } = this.#waiting
    const refused = extra ? this.#refused.ahead(undefined, this.#service.clock.now()) : 0
    const isSelective = cidFilter === 'exact'
    const isNewCid = extra !== undefined && !this.#waiting.hasCid(extra.cid)
    const pages = this.fitsOneList
      ? 1
      : Math.ceil(((this.#tenant.total() ?? 0) + 1) / largestLimit(this.#service.capabilities))
    const never = Number.POSITIVE_INFINITY
    const requests: Record<Way, number> = {
      item: hasContents || extra?.requestId === null ? never : size + refused + (extra ? 1 : 0),
      cids: isSelective ? Math.ceil((cidCount + refused + (isNewCid ? 1 : 0)) / maxCids) : never,
      all: isSelective && !this.fitsOneList ? never : pages,
    }
    let best: { way: Way; costMs: number } = { way: 'cids', costMs: never }
    for (const way of ways) {
      const endpoint = this.endpointOf(way)
      const costMs = this.#waitMs(endpoint, 1, next) + requests[way] * this.#costMs[endpoint]
      if (costMs < best.costMs) best = { way, costMs }
    }
    const { way } = best
    return { way, waitMs: best.costMs === never ? never : this.#waitMs(this.endpointOf(way), requests[way], next) }
  }

  /**
   * Returns the endpoint whose permit a request needs. Where the service limits both alike, a permit for a list also allows
   * a request for a single pin.
   */
  endpointOf(way: Way): LookupEndpoint {
    return way === 'item' && this.#countsApart ? 'item' : 'list'
  }

  /** True if one list holds all pins, as far as known. */
  get fitsOneList(): boolean {
    const total = this.#tenant.total()
    return total !== null && total < Math.min(this.#longestList, largestLimit(this.#service.capabilities))
  }

  /** The ways that a permit for a list allows. */
  get waysOfLists(): readonly Way[] {
    return this.#countsApart ? LIST_WAYS : WAYS
  }

  /** Records that a lookup was refused, and the clock time at which it should come back. */
  noteRefused(at: number): void {
    this.#refused.add(undefined, at)
  }

  /** Records that a list has no more than so many pins, though there are more. */
  noteCutList(records: number): void {
    this.#longestList = Math.min(this.#longestList, records)
  }

  /** Milliseconds until the last of some requests to an endpoint leaves. */
  #waitMs(endpoint: LookupEndpoint, requests: number, next: NextRequest | undefined): number {
    const { budget, clock } = this.#service
    const call = { tenantKey: this.#tenant.key, endpoint, class: 'interactive' } as const
    if (next?.endpoint !== endpoint) return budget.expectedWaitMs(call, requests - 1)
    // The first of them waits in the budget already.
    return requests > 1 ? budget.expectedWaitMs(call, requests - 2) : Math.max(0, next.leavesAt - clock.now())
  }
}
