import { RefusedCalls } from '../../budget/refused-calls.ts'
import { safePace } from '../../budget/safe-pace.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import type { Service } from '../../service/service.ts'
import type { Asker } from '../../waiting/stop.ts'
import { largestLimit } from '../lists/list-plan.ts'
import type { Lookup, LookupGroup } from './lookup-group.ts'
import type { LookupTurns } from './lookup-turns.ts'

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
  /** The service's capabilities, without what it refuses to the tenant. */
  readonly capabilities: Capabilities
  /** Number of the tenant's pins, if known. */
  total(): number | null
}

/** The targets of waiting lookups. */
interface Targets {
  /** Number of lookups, if each of them is for one pin. Infinite otherwise. */
  readonly pins: number
  /** Number of different CIDs. */
  readonly cids: number
}

const NEVER = Number.POSITIVE_INFINITY

/**
 * Chooses the requests for a tenant's waiting lookups: those that use the least of the service's limits. It also estimates when a
 * lookup would leave.
 */
export class LookupPlanner {
  readonly #service: Service
  readonly #tenant: PlannedTenant
  readonly #waiting: LookupGroup
  readonly #turns: LookupTurns
  /** Milliseconds of the service's limits that one request uses up. */
  readonly #costMs: Readonly<Record<LookupEndpoint, number>>
  /**
   * True if the service has separate limits for `GET /pins` and `GET /pins/{requestid}`. Then a permit for one is none for
   * the other.
   */
  readonly #countsApart: boolean
  /** The refused lookups that have not come back yet. They keep nobody out, but they come before others that are refused later. */
  readonly #refused = new RefusedCalls()
  /** The largest number of pins that one list is known to hold. */
  #longestList = Number.POSITIVE_INFINITY

  /**
   * @param waiting the lookups that wait, at any time
   * @param turns the order in which they leave
   */
  constructor(service: Service, tenant: PlannedTenant, waiting: LookupGroup, turns: LookupTurns) {
    this.#service = service
    this.#tenant = tenant
    this.#waiting = waiting
    this.#turns = turns
    const costOf = (endpoint: LookupEndpoint): number =>
      service.limits
        .filter((limit) => limit.endpoint === endpoint || limit.endpoint === 'all')
        .reduce((most, limit) => Math.max(most, safePace(limit).intervalMs), 1)
    this.#costMs = { item: costOf('item'), list: costOf('list') }
    this.#countsApart = service.limits.some(({ endpoint }) => endpoint === 'item' || endpoint === 'list')
  }

  /**
   * Returns the cheapest kind of request for all waiting lookups.
   *
   * @param next the request that waits for budget already
   */
  choose(ways: readonly Way[], next: NextRequest | undefined): Way {
    const { size, cidCount, hasContents } = this.#waiting
    return this.#cheapest(ways, next, { pins: hasContents ? NEVER : size, cids: cidCount })
  }

  /**
   * Returns the milliseconds until a lookup would leave if it were added now, by turns.
   *
   * @param asker the operation that the lookup is for
   * @param behind number of further CIDs that leave before it. Default: 0.
   */
  waitMs(lookup: Lookup, asker: Asker | undefined, next: NextRequest | undefined, behind = 0): number {
    const { size, cidCount, hasContents } = this.#waiting
    const isNewCid = !this.#waiting.hasCid(lookup.cid)
    const way = this.#cheapest(WAYS, next, {
      pins: hasContents || lookup.requestId === null ? NEVER : size + behind + (this.#waiting.has(lookup) ? 0 : 1),
      cids: cidCount + behind + (isNewCid ? 1 : 0),
    })
    const ahead = behind + Math.min(this.#turns.ahead(asker), cidCount - (isNewCid ? 0 : 1))
    // A request for a single pin serves one of the lookups that share a CID.
    const targets = { pins: ahead + (size - cidCount) + 1, cids: ahead + 1 }
    return this.#leavesInMs(this.endpointOf(way), this.#requests(way, targets), next)
  }

  /** Returns the number of requests that all waiting lookups need. */
  requestsLeft(): number {
    const { size, cidCount, hasContents } = this.#waiting
    const targets = { pins: hasContents ? NEVER : size, cids: cidCount }
    return Math.min(...WAYS.map((way) => this.#requests(way, targets)))
  }

  /** Returns the clock time at which a request to an endpoint would leave if it joined the budget's queue now. */
  leavesAt(endpoint: LookupEndpoint): number {
    return this.#service.clock.now() + this.#leavesInMs(endpoint, 1, undefined)
  }

  /**
   * Returns the milliseconds after which a refused lookup should come back. Each refused lookup gets a time of its own: behind
   * the lookups that wait, and behind those that were refused before and have not come back yet, as far as these have their turns
   * before it. Lookups that fit in one list share a time.
   */
  promiseMs(lookup: Lookup, asker: Asker | undefined, next: NextRequest | undefined): number {
    const waitMs = (behind: number): number => this.waitMs(lookup, asker, next, behind)
    return this.#refused.refuse(asker?.callerKey, this.#service.clock.now(), waitMs)
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
    return total !== null && total < Math.min(this.#longestList, largestLimit(this.#tenant.capabilities))
  }

  /** The ways that a permit for a list allows. */
  get waysOfLists(): readonly Way[] {
    return this.#countsApart ? LIST_WAYS : WAYS
  }

  /** Records that a list has no more than so many pins, though there are more. */
  noteCutList(records: number): void {
    this.#longestList = Math.min(this.#longestList, records)
  }

  #cheapest(ways: readonly Way[], next: NextRequest | undefined, targets: Targets): Way {
    let best: { way: Way; costMs: number } = { way: 'cids', costMs: NEVER }
    for (const way of ways) {
      const endpoint = this.endpointOf(way)
      const costMs = this.#leavesInMs(endpoint, 1, next) + this.#requests(way, targets) * this.#costMs[endpoint]
      if (costMs < best.costMs) best = { way, costMs }
    }
    return best.way
  }

  /** Returns the number of requests of a kind that serve the targets. Infinite if this kind cannot serve them. */
  #requests(way: Way, { pins, cids }: Targets): number {
    const { cidFilter, maxCids } = this.#tenant.capabilities
    const isSelective = cidFilter === 'exact'
    if (way === 'item') return pins
    if (way === 'cids') return isSelective ? Math.ceil(cids / maxCids) : NEVER
    if (this.fitsOneList) return 1
    if (isSelective) return NEVER
    return Math.ceil(((this.#tenant.total() ?? 0) + 1) / largestLimit(this.#tenant.capabilities))
  }

  /** Returns the milliseconds until the last of some requests to an endpoint leaves. */
  #leavesInMs(endpoint: LookupEndpoint, requests: number, next: NextRequest | undefined): number {
    const { budget, clock, queuedElsewhere } = this.#service
    const call = { tenantKey: this.#tenant.key, endpoint, class: 'interactive' } as const
    if (requests === NEVER) return NEVER
    const others = queuedElsewhere.ahead(this.#waiting, requests)
    if (next?.endpoint !== endpoint) return budget.expectedWaitMs(call, requests - 1, others)
    // The first of them waits in the budget already.
    return requests > 1 ? budget.expectedWaitMs(call, requests - 2, others) : Math.max(0, next.leavesAt - clock.now())
  }
}
