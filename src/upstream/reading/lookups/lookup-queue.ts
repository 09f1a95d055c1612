import type { Cid } from '../../../domain/cid.ts'
import { RateLimitedError, ServiceUnavailableError } from '../../../domain/errors.ts'
import type { Pin } from '../../../domain/pin.ts'
import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, type PinRecords, recordCount } from '../../http/pin-page.ts'
import type { Service } from '../../service/service.ts'
import { type Asker, Stop, type StopSignal } from '../../waiting/stop.ts'
import { isCutShort } from '../lists/list-counts.ts'
import { largestLimit } from '../lists/list-plan.ts'
import {
  type AskedTenant,
  groupOf,
  inFlight,
  type LookupBatch,
  type LookupsInFlight,
  takeBatch,
} from './lookup-batch.ts'
import { type Lookup, LookupGroup } from './lookup-group.ts'
import { LookupOutage, type RequestTimes } from './lookup-outage.ts'
import { LookupPlanner, type NextRequest, type PlannedTenant, WAYS, type Way } from './lookup-planner.ts'
import { LookupTurns } from './lookup-turns.ts'

/** The parts of a tenant that the queue needs. */
export interface LookupSource extends PlannedTenant, AskedTenant {
  /** Returns whether `collect` may read a list that failed, since it finds other words for it or learns what the failure means. */
  isAvoidable(query: ListQuery, error: unknown): boolean
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
  readonly #turns = new LookupTurns()
  readonly #waiting = new LookupGroup(() => this.#next?.stop.abort(), this.#turns)
  readonly #planner: LookupPlanner
  readonly #outage: LookupOutage
  /** The request that waits for budget. Undefined also for a request for a single pin that needs a permit of its own. */
  #next: (NextRequest & { readonly stop: Stop }) | undefined
  #isPumping = false
  readonly #inFlight = new Set<LookupsInFlight>()

  constructor(service: Service, source: LookupSource) {
    this.#service = service
    this.#source = source
    this.#planner = new LookupPlanner(service, source, this.#waiting, this.#turns)
    this.#outage = new LookupOutage(service, source.key)
  }

  /**
   * Waits for the pins of a lookup. A lookup for one pin gets at most that pin.
   *
   * Equal lookups share requests, also one that is in flight already unless a change was made since. But each ends by the time of
   * its own caller: if a request fails that was sent before a lookup began, the lookup goes on with the next request.
   *
   * Callers take turns, so a lookup does not wait for all lookups of another caller. Refused lookups keep no place in the queue:
   * they count only in the times that later refusals tell.
   *
   * @throws {RateLimitedError} at once when the lookup would not leave in time; later when lookups of other callers delayed it past
   *   that time. `retryAfterMs` is the time after which it would leave, behind the refused lookups that have their turns before it.
   * @throws {ServiceUnavailableError} when the last try failed, or when the service is down and does not come back within 0.45 times
   *   `timeoutMs`, which each lookup has for itself
   * @throws {PinNotFoundError} when `GET /pins/{requestid}` was refused with it. If a list lacks the pin, the result is
   *   empty instead.
   * @throws whatever else the request fails with
   * @throws `signal.reason` when aborted
   */
  find(lookup: Lookup, signal: StopSignal = new Stop()): Promise<readonly Pin[]> {
    const { asker } = signal
    const askedAt = this.#service.clock.now()
    const lastStart = this.#service.lastStartOf(askedAt, signal.endsAt)
    const joined = this.#joinable(lookup)
    const isFirst = joined === undefined && !this.#waiting.has(lookup)
    if (isFirst && askedAt + this.#planner.waitMs(lookup, asker, this.#next) > lastStart) {
      return Promise.reject(this.#refusal(lookup, asker))
    }
    // While the service is up, this only calls the function.
    return this.#outage.bound(signal, (stop) => {
      const found = (joined?.lookups ?? this.#waiting).add(lookup, { askedAt, lastStart }, stop)
      if (!joined && !this.#isPumping) void this.#pump()
      return found
    })
  }

  /** Returns lookups in flight whose answer a lookup may share. */
  #joinable(lookup: Lookup): LookupsInFlight | undefined {
    const { generation } = this.#source
    for (const each of this.#inFlight) if (each.generation === generation && each.answers(lookup)) return each
    return undefined
  }

  /** Sends requests until no lookup waits. The next one is prepared as soon as the last one was sent. */
  async #pump(): Promise<void> {
    this.#isPumping = true
    const leaveQueues = this.#service.queuedElsewhere.add(this.#waiting, () => this.#planner.requestsLeft())
    // Waits one microtask, so that all lookups that one GraphQL request makes in this turn of the event loop are queued.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const way = this.#planner.choose(WAYS, this.#next)
      if (way === 'all' && !this.#planner.fitsOneList) await this.#readPages()
      else await this.#sendNext(way)
    }
    leaveQueues()
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
    const leavesAt = this.#planner.leavesAt(endpoint)
    if (this.#refuseLate(leavesAt)) return Promise.resolve()
    // A permit for a single pin is requested for that pin. All other requests are put together when they are sent.
    let batch = endpoint === 'item' ? this.#takeBatch('item', stop) : undefined
    const times = this.#timesOf(batch?.lookups ?? this.#waiting)
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
          askedAt: times.firstAskedAt,
          endsAt: (batch?.lookups ?? this.#waiting).endsAt,
          signal: stop,
          isRepeatable: true,
          isFinal: (error) => batch?.query !== undefined && this.#source.isAvoidable(batch.query, error),
          send: (client, options) => {
            batch ??= this.#takeBatch(this.#planner.choose(this.#planner.waysOfLists, this.#next), stop)
            leave()
            return batch.ask(client, options)
          },
        })
        .then((page) => batch && this.#answer(batch, page, stop))
        .catch((error: unknown) => {
          leave()
          if (batch) this.#failBatch(batch, error, times)
          // The budget refuses a request when the lookup for which it was made first cannot wait.
          else if (error instanceof RateLimitedError)
            this.#refuseLate(this.#planner.leavesAt(endpoint), times.firstAskedAt)
          else if (!stop.aborted) this.#fail(this.#waiting, error, times)
        })
        .finally(() => {
          leave()
          if (batch) this.#inFlight.delete(batch)
        })
    })
  }

  #takeBatch(way: Way, stop: Stop): LookupBatch {
    const waiting = { waiting: this.#waiting, turns: this.#turns }
    const batch = takeBatch(way, waiting, this.#source, { stop, sentAt: this.#service.clock.now() })
    this.#inFlight.add(batch)
    return batch
  }

  async #answer({ lookups, query }: LookupBatch, page: PinPage, signal: StopSignal): Promise<void> {
    const { name } = this.#service
    const { capabilities } = this.#source
    const isCut = query && (recordCount(page) >= largestLimit(capabilities) || isCutShort(query, page, capabilities))
    if (!query || (!isCut && (await this.#source.isWhole(query, page, signal)))) return lookups.settle(name, page)
    if (query.cids) return lookups.settle(name, await this.#source.collect(query.cids, signal))
    // There are more pins than expected, so this list does not settle the lookups. They wait again.
    this.#planner.noteCutList(recordCount(page))
    this.#waitAgain(lookups)
  }

  /** Rejects the lookups of a request that was sent and failed, or reads their pins page by page if that may help. */
  #failBatch({ lookups, query, sentAt }: LookupBatch, error: unknown, times: RequestTimes): void {
    if (query && this.#source.isAvoidable(query, error)) void this.#readInstead(lookups, query.cids)
    else this.#fail(lookups, error, times, sentAt)
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
    const lookups = groupOf(stop)
    lookups.take(from)
    const times = this.#timesOf(lookups)
    const reading = inFlight(lookups, times.begunAt, this.#source.generation)
    this.#inFlight.add(reading)
    await this.#source.collect(cids, stop).then(
      (records) => lookups.settle(this.#service.name, records),
      (error: unknown) => this.#fail(lookups, error, times, reading.sentAt),
    )
    this.#inFlight.delete(reading)
  }

  /** Returns the times of a request that begins to wait now. */
  #timesOf(lookups: LookupGroup): RequestTimes {
    const begunAt = this.#service.clock.now()
    return { begunAt, firstAskedAt: lookups.askedAt ?? begunAt }
  }

  #waitAgain(lookups: LookupGroup): void {
    if (lookups.size === 0) return
    this.#waiting.take(lookups)
    if (!this.#isPumping) void this.#pump()
  }

  /**
   * Rejects the lookups of a request that failed. Lookups that have time left wait again: if the service is down, or if they have
   * joined the request after it was sent and another one may succeed.
   */
  #fail(lookups: LookupGroup, error: unknown, times: RequestTimes, sentAt = Number.POSITIVE_INFINITY): void {
    const isOfMoment = error instanceof ServiceUnavailableError || error instanceof RateLimitedError
    const until = this.#outage.failsUntil(error, times)
    const last = isOfMoment ? Math.min(until, sentAt) : until
    lookups.fail(
      () => error,
      ({ askedAt }) => askedAt <= last,
    )
    if (lookups !== this.#waiting) this.#waitAgain(lookups)
  }

  /**
   * Refuses the lookups that cannot wait until the next request leaves. Each is told a time of its own. Returns whether there were
   * any.
   *
   * @param until clock time. Lookups that began by then are refused in any case. Default: none.
   */
  #refuseLate(leavesAt: number, until = Number.NEGATIVE_INFINITY): boolean {
    const { askedAt = Number.POSITIVE_INFINITY, lastStart } = this.#waiting
    if (askedAt > until && lastStart > leavesAt) return false
    this.#waiting.fail(
      (lookup, asker) => this.#refusal(lookup, asker),
      (times) => times.askedAt <= until || times.lastStart <= leavesAt,
    )
    return true
  }

  #refusal(lookup: Lookup, asker: Asker | undefined): RateLimitedError {
    return new RateLimitedError(this.#service.name, this.#planner.promiseMs(lookup, asker, this.#next))
  }
}
