import type { Cid } from '../../domain/cid.ts'
import { RateLimitedError } from '../../domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import type { CallOptions, PinClient } from '../http/client.ts'
import type { ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import { ListNotFoundError } from '../http/refusals.ts'
import type { Service } from '../service/service.ts'
import { Stop, type StopSignal } from '../waiting/stop.ts'
import { isCutShort } from './list-counts.ts'
import { largestLimit } from './list-plan.ts'
import { type Lookup, LookupGroup, type PinRecords } from './lookup-group.ts'
import { LookupPlanner, type NextRequest, PAGE_LIMIT, WAYS, type Way } from './lookup-planner.ts'
import { cidsThatFit } from './split-query.ts'

/** The parts of a tenant that the queue needs. */
export interface LookupSource {
  readonly key: string
  readonly token: string
  /** Number of the tenant's pins, if known. */
  total(): number | null
  /** Sends one `GET /pins` at once, without waiting for budget. */
  list(client: PinClient, query: ListQuery, options: CallOptions): Promise<PinPage>
  /** Returns whether a short list has all pins that match. Sends further requests while nobody knows how the service lists. */
  isWhole(query: ListQuery, page: PinPage, signal: StopSignal): Promise<boolean>
  /** Reads all pins of some CIDs, or all pins of the account, page by page. It works with every service. */
  collect(cids: readonly Cid[] | undefined, signal: StopSignal): Promise<PinRecords>
}

/**
 * One tenant's lookups that wait for the service's budget.
 *
 * Lookups wait, and not requests. A request is put together when the budget grants it, from all lookups that wait at that
 * moment. So an idle budget adds no delay, and a tight budget makes requests larger. Of the possible requests, the queue
 * takes the one that uses the least of the service's limits:
 *
 * - `GET /pins/{requestid}` for a single pin, since some services limit it less than lists;
 * - one `GET /pins?cid=…` for as many CIDs as the service accepts, ten at most;
 * - one `GET /pins` for all lookups, where all pins fit in one list, or the service does not filter by `cid`.
 */
export class LookupQueue {
  readonly #service: Service
  readonly #source: LookupSource
  readonly #waiting = new LookupGroup(() => this.#next?.stop.abort())
  readonly #planner: LookupPlanner
  /** The request that waits for budget. Undefined also for a request for a single pin that needs a permit of its own. */
  #next: (NextRequest & { readonly stop: Stop }) | undefined
  #isPumping = false

  constructor(service: Service, source: LookupSource) {
    this.#service = service
    this.#source = source
    this.#planner = new LookupPlanner(service, source, this.#waiting)
  }

  /**
   * Waits for the pins of a lookup. A lookup for one pin gets at most that pin.
   *
   * @throws {RateLimitedError} at once when the budget cannot grant all waiting lookups in time
   * @throws {PinNotFoundError} when `GET /pins/{requestid}` was refused with it. If a list lacks the pin, the result is
   *   empty instead.
   * @throws whatever else the request fails with
   * @throws `signal.reason` when aborted
   */
  find(lookup: Lookup, signal: StopSignal): Promise<readonly Pin[]> {
    const { clock, longestWaitMs, name } = this.#service
    const { waitMs } = this.#planner.plan(WAYS, this.#next, lookup)
    if (waitMs > longestWaitMs) {
      this.#planner.noteRefused(clock.now() + waitMs)
      return Promise.reject(new RateLimitedError(name, waitMs))
    }
    const found = this.#waiting.add(lookup, clock.now(), signal)
    if (!this.#isPumping) void this.#pump()
    return found
  }

  /** Sends requests until no lookup waits. The next one is prepared as soon as the last one was sent. */
  async #pump(): Promise<void> {
    this.#isPumping = true
    // Waits one microtask, so that all lookups that one GraphQL request makes in this turn of the event loop are queued.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const { way } = this.#planner.plan(WAYS, this.#next)
      if (way === 'all' && !this.#planner.fitsOneList) await this.#readPages()
      else await this.#sendNext(way)
    }
    this.#isPumping = false
  }

  /**
   * Sends one request for the lookups that wait when the budget grants it. Resolves when the request was sent, or will not
   * be sent.
   */
  #sendNext(way: Way): Promise<void> {
    const { key, token } = this.#source
    const endpoint = this.#planner.endpointOf(way)
    const stop = new Stop()
    const { budget, clock } = this.#service
    const leavesAt = clock.now() + budget.expectedWaitMs({ tenantKey: key, endpoint, class: 'interactive' })
    // A permit for a single pin is requested for that pin. All other requests are put together when they are sent.
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
          tenantKey: key,
          token,
          endpoint,
          class: 'interactive',
          askedAt: (batch?.lookups ?? this.#waiting).askedAt,
          signal: stop,
          isRepeatable: true,
          send: (client, options) => {
            batch ??= this.#makeUp(this.#planner.plan(this.#planner.waysOfLists, this.#next).way, stop)
            leave()
            return batch.ask(client, options)
          },
        })
        .then((page) => batch && this.#answer(batch, page, stop))
        .catch((error: unknown) => {
          if (batch?.query && error instanceof ListNotFoundError)
            void this.#readInstead(batch.lookups, batch.query.cids)
          else if (batch) batch.lookups.fail(error)
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
    const { capabilities } = this.#service
    const cids =
      way === 'cids' ? cidsThatFit(this.#waiting.cidsByTurns(), capabilities, this.#source.token.length) : undefined
    lookups.take(this.#waiting, cids)
    const query = { cids, statuses: PIN_STATUSES, limit: PAGE_LIMIT }
    return { lookups, query, ask: (client, options) => this.#source.list(client, query, options) }
  }

  async #answer({ lookups, query }: Batch, page: PinPage, signal: StopSignal): Promise<void> {
    const { capabilities, name } = this.#service
    const isCut = query && (recordCount(page) >= largestLimit(capabilities) || isCutShort(query, page, capabilities))
    if (!query || (!isCut && (await this.#source.isWhole(query, page, signal)))) return lookups.settle(name, page)
    if (query.cids) return lookups.settle(name, await this.#source.collect(query.cids, signal))
    // There are more pins than expected, so this list does not settle the lookups. They wait again.
    this.#planner.noteCutList(recordCount(page))
    this.#waiting.take(lookups)
    if (!this.#isPumping) void this.#pump()
  }

  /**
   * Reads all pins for all waiting lookups. Used for services that do not filter by `cid` and have more pins than one list
   * holds.
   */
  #readPages(): Promise<void> {
    return this.#readInstead(this.#waiting, undefined)
  }

  /** Reads pins page by page, for lookups that one list cannot settle. */
  async #readInstead(from: LookupGroup, cids: readonly Cid[] | undefined): Promise<void> {
    const stop = new Stop()
    const lookups = new LookupGroup(() => stop.abort())
    stop.waiting = lookups
    lookups.take(from)
    await this.#source.collect(cids, stop).then(
      (records) => lookups.settle(this.#service.name, records),
      (error: unknown) => lookups.fail(error),
    )
  }

  /**
   * Rejects lookups after a request was not sent. A full budget rejects only the lookups that cannot wait longer, and any
   * other error rejects all.
   */
  #refuse(error: unknown): void {
    const { clock, longestWaitMs } = this.#service
    if (error instanceof RateLimitedError) this.#waiting.fail(error, clock.now() + error.retryAfterMs - longestWaitMs)
    else this.#waiting.fail(error)
  }
}

/** The lookups of one request, and the request itself. */
interface Batch {
  readonly lookups: LookupGroup
  /** The query of a list; undefined for a single pin. */
  readonly query: ListQuery | undefined
  ask(client: PinClient, options: CallOptions): Promise<PinPage>
}
