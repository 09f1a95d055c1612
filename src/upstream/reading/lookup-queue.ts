import type { Cid } from '../../domain/cid.ts'
import { RateLimitedError } from '../../domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import { safePace } from '../budget/rate-limit.ts'
import type { ListQuery } from '../http/list-query.ts'
import type { PinPage } from '../http/wire.ts'
import type { CallOptions, PinOperations } from '../service/client.ts'
import type { PinningService } from '../service/service.ts'
import { Stop, type StopSignal } from '../stop.ts'
import { cidRoom, claimsMore, largestLimit } from './list-plan.ts'
import { type Lookup, LookupGroup } from './lookup-group.ts'

/** What the queue needs of its tenant. */
export interface LookupSource {
  readonly key: string
  readonly token: string
  /** How many pins there are, as far as known. */
  total(): number | null
  /** One `GET /pins`, right now. */
  list(client: PinOperations, query: ListQuery, options: CallOptions): Promise<PinPage>
  /** Whether a list may be empty for another reason than that there is nothing. */
  isDoubtful(query: ListQuery, page: PinPage): boolean
  /** Reads everything that matches, page by page, whatever the service makes of the query. */
  collect(cids: readonly Cid[] | undefined, signal: StopSignal): Promise<readonly Pin[]>
}

/** How to ask: for one pin by its id, for some CIDs by a list, or for everything there is. */
type Way = 'item' | 'cids' | 'all'

/** Ways that cost the same come in this order: the smaller answer first. */
const WAYS: readonly Way[] = ['item', 'cids', 'all']
const LIST_WAYS: readonly Way[] = ['cids', 'all']

const PAGE_LIMIT = 1000

/**
 * One tenant's lookups that wait for the service's budget.
 *
 * What waits is the lookup and not a request: a request is made up when the budget lets it leave, of all that wait by
 * then. So an idle budget adds no delay, and a tight one makes larger requests by itself. Of the ways to ask, the one
 * that uses least of the service's limits is taken:
 *
 * - `GET /pins/{requestid}` for a lone pin, which some services count more generously than lists;
 * - one `GET /pins?cid=…` for as many CIDs as the service takes, ten at most;
 * - one `GET /pins` for everybody, where all pins fit one list, or the service does not look at `cid`.
 */
export class LookupQueue {
  readonly #service: PinningService
  readonly #source: LookupSource
  /** Milliseconds of its limits that one request uses up. */
  readonly #costMs: Readonly<Record<'item' | 'list', number>>
  /** Whether leave for a list is no leave for `GET /pins/{requestid}`, and the other way round. */
  readonly #countsApart: boolean
  readonly #waiting = new LookupGroup(() => this.#next?.stop.abort())
  /** The request that waits for its turn. */
  #next: { readonly endpoint: 'item' | 'list'; readonly leavesAt: number; readonly stop: Stop } | undefined
  #isPumping = false
  /** The most pins that one list is known to hold. */
  #longestList = PAGE_LIMIT

  constructor(service: PinningService, source: LookupSource) {
    this.#service = service
    this.#source = source
    const costOf = (endpoint: 'item' | 'list'): number =>
      service.limits
        .filter((limit) => limit.endpoint === endpoint || limit.endpoint === 'all')
        .reduce((most, limit) => Math.max(most, safePace(limit).intervalMs), 1)
    this.#costMs = { item: costOf('item'), list: costOf('list') }
    this.#countsApart = service.limits.some(({ endpoint }) => endpoint === 'item' || endpoint === 'list')
  }

  /**
   * Waits for the pins of a lookup; for one pin, at most that one.
   *
   * @throws {RateLimitedError} at once when the budget has no room in time for everything that waits
   * @throws {PinNotFoundError} when the service said so of the pin itself; a list that lacks it is just no pin
   * @throws whatever else the request fails with, or `signal.reason`
   */
  find(lookup: Lookup, signal: StopSignal): Promise<readonly Pin[]> {
    const { clock, longestWaitMs, name } = this.#service
    const { waitMs } = this.#plan(WAYS, lookup)
    if (waitMs > longestWaitMs) return Promise.reject(new RateLimitedError(name, waitMs))
    const found = this.#waiting.add(lookup, clock.now(), signal)
    if (!this.#isPumping) void this.#pump()
    return found
  }

  /** Asks for one request after the other; for the next as soon as the last has left. */
  async #pump(): Promise<void> {
    this.#isPumping = true
    // All that one GraphQL request looks up in this turn is to wait by then.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const { way } = this.#plan(WAYS)
      if (way === 'all' && !this.#fitsOneList) await this.#readPages()
      else await this.#sendNext(way)
    }
    this.#isPumping = false
  }

  /** One request of whatever waits when its turn comes. Resolves when it has left, or will not. */
  #sendNext(way: Way): Promise<void> {
    const { key, token } = this.#source
    const endpoint = this.#endpointOf(way)
    const stop = new Stop()
    const { budget, clock } = this.#service
    const leavesAt = clock.now() + budget.expectedWaitMs({ tenant: key, endpoint, class: 'interactive' })
    // Leave that is good for one pin only is asked for by that pin; all other requests are made up when they leave.
    let batch = endpoint === 'item' ? this.#makeUp('item', stop) : undefined
    const next = batch ? undefined : { endpoint, leavesAt, stop }
    this.#next = next
    return new Promise((resolve) => {
      const leave = (): void => {
        if (next && this.#next === next) this.#next = undefined
        resolve()
      }
      this.#service
        .call({
          tenant: key,
          token,
          endpoint,
          class: 'interactive',
          askedAt: (batch?.lookups ?? this.#waiting).askedAt,
          signal: stop,
          isRepeatable: true,
          send: (client, options) => {
            batch ??= this.#makeUp(this.#plan(this.#countsApart ? LIST_WAYS : WAYS).way, stop)
            leave()
            return batch.ask(client, options)
          },
        })
        .then((page) => batch && this.#answer(batch, page, stop))
        .catch((error: unknown) => {
          if (batch) batch.lookups.fail(error)
          else if (!stop.aborted) this.#refuse(error)
        })
        .finally(leave)
    })
  }

  #makeUp(way: Way, stop: Stop): Batch {
    const lookups = new LookupGroup(() => stop.abort())
    stop.waiting = lookups
    const requestId = way === 'item' ? lookups.takePin(this.#waiting) : null
    if (requestId !== null) {
      return {
        lookups,
        query: undefined,
        ask: async (client, options) => ({ count: 1, pins: [await client.getPin(requestId, options)] }),
      }
    }
    const cids = way === 'cids' ? this.#chooseCids() : undefined
    lookups.take(this.#waiting, cids)
    const query = { cids, statuses: PIN_STATUSES, limit: PAGE_LIMIT }
    return { lookups, query, ask: (client, options) => this.#source.list(client, query, options) }
  }

  async #answer({ lookups, query }: Batch, page: PinPage, signal: StopSignal): Promise<void> {
    const { capabilities } = this.#service
    const isCut = query && (page.pins.length >= largestLimit(capabilities) || claimsMore(query, page, capabilities))
    const isDoubtful = query && this.#source.isDoubtful(query, page)
    if (!isCut && !isDoubtful) return lookups.settle(page.pins)
    if (query.cids) return lookups.settle(await this.#source.collect(query.cids, signal))
    // There are more pins than was known, so this list decides nothing.
    this.#longestList = Math.min(this.#longestList, page.pins.length)
    this.#waiting.take(lookups)
    if (!this.#isPumping) void this.#pump()
  }

  /** For services that do not look at `cid` and have more than a list of pins: all of them, for everybody who waits. */
  async #readPages(): Promise<void> {
    const stop = new Stop()
    const lookups = new LookupGroup(() => stop.abort())
    stop.waiting = lookups
    lookups.take(this.#waiting)
    await this.#source.collect(undefined, stop).then(
      (pins) => lookups.settle(pins),
      (error: unknown) => lookups.fail(error),
    )
  }

  /** What kept a request from leaving keeps all that wait from it; a full budget only those who cannot wait longer. */
  #refuse(error: unknown): void {
    const { clock, longestWaitMs } = this.#service
    if (error instanceof RateLimitedError) this.#waiting.fail(error, clock.now() + error.retryAfterMs - longestWaitMs)
    else this.#waiting.fail(error)
  }

  /**
   * The cheapest way to ask for all that waits, and when the last of it would leave.
   *
   * @param extra one more that is about to wait
   */
  #plan(ways: readonly Way[], extra?: Lookup): { way: Way; waitMs: number } {
    const { cidFilter, maxCids } = this.#service.capabilities
    const { size, cidCount, hasContents } = this.#waiting
    const isSelective = cidFilter === 'exact'
    const isNewCid = extra !== undefined && !this.#waiting.hasCid(extra.cid)
    const pages = this.#fitsOneList ? 1 : Math.ceil(((this.#source.total() ?? 0) + 1) / PAGE_LIMIT)
    const never = Number.POSITIVE_INFINITY
    const requests: Record<Way, number> = {
      item: hasContents || extra?.requestId === null ? never : size + (extra ? 1 : 0),
      cids: isSelective ? Math.ceil((cidCount + (isNewCid ? 1 : 0)) / maxCids) : never,
      all: isSelective && !this.#fitsOneList ? never : pages,
    }
    let best: { way: Way; costMs: number; waitMs: number } = { way: 'cids', costMs: never, waitMs: never }
    for (const way of ways) {
      const endpoint = this.#endpointOf(way)
      const costMs = this.#waitMs(endpoint) + requests[way] * this.#costMs[endpoint]
      if (costMs < best.costMs) best = { way, costMs, waitMs: costMs - this.#costMs[endpoint] }
    }
    return best
  }

  /** Until the next request to an endpoint leaves. */
  #waitMs(endpoint: 'item' | 'list'): number {
    const { budget, clock } = this.#service
    if (this.#next?.endpoint === endpoint) return Math.max(0, this.#next.leavesAt - clock.now())
    return budget.expectedWaitMs({ tenant: this.#source.key, endpoint, class: 'interactive' })
  }

  /** Whose leave a way needs; where both count alike, that of a list is good for a single pin. */
  #endpointOf(way: Way): 'item' | 'list' {
    return way === 'item' && this.#countsApart ? 'item' : 'list'
  }

  /** Whether one list holds every pin there is, as far as known. */
  get #fitsOneList(): boolean {
    const total = this.#source.total()
    return total !== null && total < Math.min(this.#longestList, largestLimit(this.#service.capabilities))
  }

  /** As many of the CIDs that wait as fit one request, at least one. */
  #chooseCids(): Cid[] {
    const { maxCids } = this.#service.capabilities
    const room = cidRoom(this.#service.capabilities, this.#source.token.length)
    const chosen: Cid[] = []
    let characters = 0
    for (const cid of this.#waiting.cids()) {
      if (chosen.length === maxCids || (chosen.length > 0 && characters + cid.text.length > room)) break
      chosen.push(cid)
      // A comma is three characters in a URL.
      characters += cid.text.length + 3
    }
    return chosen
  }
}

/** The lookups of one request, and how to ask for them. */
interface Batch {
  readonly lookups: LookupGroup
  /** The list that is asked for; undefined for a lone pin. */
  readonly query: ListQuery | undefined
  ask(client: PinOperations, options: CallOptions): Promise<PinPage>
}
