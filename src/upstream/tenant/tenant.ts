import type { Cid } from '../../domain/cid.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import type { ListQuery, PinQuery } from '../http/list-query.ts'
import type { PinPage } from '../http/wire.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { PinLookups } from '../reading/pin-lookups.ts'
import { PinReads } from '../reading/pin-reads.ts'
import type { PinSource } from '../reading/pin-source.ts'
import type { LearnedCapabilities } from '../service/learned-capabilities.ts'
import type { PinningService } from '../service/service.ts'
import type { LookupOptions, TenantCallOptions } from '../service/tenant-call-options.ts'
import type { TenantObserver } from '../service/tenant-observer.ts'
import { PinWriter } from '../writes/pin-writer.ts'
import { RecentWrites } from '../writes/recent-writes.ts'
import type { PinChanges } from '../writes/replacement.ts'
import { WriteJournal } from '../writes/write-journal.ts'

/**
 * One token at one service: whose pins are seen and changed.
 *
 * All calls wait for the service's budget and are retried as it allows. Equal reads in flight share one request; a read
 * that starts after a change was answered never shares one that started before it. Every operation rejects with
 * - `RateLimitedError` when the budget has no room in time,
 * - `UnauthorizedError`, `InsufficientFundsError`, `BadRequestError`, `PinNotFoundError`, `ServiceError` as the service says,
 * - `ServiceUnavailableError` when it is down or silent, `MalformedResponseError` when it talks nonsense,
 * - `signal.reason` when aborted.
 */
export class Tenant implements PinSource {
  /** Service and a keyed hash of the token. Part of every key under which anything is kept. */
  readonly key: string
  readonly #service: PinningService
  readonly #recent: RecentWrites
  readonly #reads: PinReads
  readonly #lookups: PinLookups
  readonly #writer: PinWriter

  /** @param journal of all writes of the process. Default: one in memory, of this tenant alone */
  constructor(service: PinningService, key: string, token: string, journal: WriteJournal = new WriteJournal()) {
    this.key = key
    this.#service = service
    const account = { service, key, token }
    const recent = new RecentWrites(service.clock)
    const reads = new PinReads(account, recent)
    const lookups = new PinLookups(account, reads, recent)
    this.#recent = recent
    this.#reads = reads
    this.#lookups = lookups
    this.#writer = new PinWriter({ account, reads, lookups, recent }, journal)
  }

  /** Configured name of the service. */
  get service(): string {
    return this.#service.name
  }

  /** What the service is known to do by now. */
  get capabilities(): Capabilities {
    return this.#service.capabilities
  }

  /** Shows all that this tenant's answers tell to an observer. Returns how to stop. */
  observe(observer: TenantObserver): () => void {
    return this.#service.observe(this.key, observer)
  }

  /** What the service's answers taught, to be taught more. */
  get known(): LearnedCapabilities {
    return this.#service.known
  }

  /** A query in as many parts as the service needs for its CIDs. */
  splitQuery(query: PinQuery): PinQuery[] {
    return this.#reads.splitQuery(query)
  }

  /**
   * One page: one `GET /pins`. The query is sent as it is; see `PinStream` for one that copes with every service.
   *
   * An empty answer to several statuses costs one or two requests more, at most once a minute, while no such list ever
   * had a pin, since there are services that understand only one status at a time.
   */
  listPins(query: ListQuery, options: TenantCallOptions = {}): Promise<PinPage> {
    return this.#reads.listPins(query, options)
  }

  /** One pin: one `GET /pins/{requestid}`. */
  getPin(requestId: string, options: TenantCallOptions = {}): Promise<Pin> {
    return this.#reads.getPin(requestId, options)
  }

  /**
   * A pin whose CID is known: a tenth of a request, or less, when others are looked up at the same time.
   *
   * A list that lacks the pin proves nothing, since some lag behind; then the pin itself is asked for.
   */
  lookupPin(ref: PinRef, options: LookupOptions = {}): Promise<Pin> {
    return this.#lookups.pin(ref, options)
  }

  /** A pin as a change made it within the last 2 s, so that whoever made it need not ask; undefined for any other. */
  justMade(requestId: string): Pin | undefined {
    return this.#recent.justMade(requestId)
  }

  /** All pins of a CID, newest first: a tenth of a request, or less, when others are looked up at the same time. */
  lookupContent(cid: Cid, options: LookupOptions = {}): Promise<readonly Pin[]> {
    return this.#lookups.content(cid, options)
  }

  /**
   * Adds a pin, at most once for a key as far as the service lets that be known.
   *
   * Usually one `POST /pins`; where the service drops `meta`, a lookup before it. A lost answer is looked for in the
   * service's lists, and the pin sent again only where that cannot make a second one; all that takes at most about 2.5
   * times as long as one call may take.
   *
   * @param idempotencyKey the client's, or one made for this write
   * @param options.signal aborts it as long as nothing was sent to change anything; then the write goes on
   * @throws {IdempotencyConflictError} the key was used for another write within 24 hours
   * @throws {OutcomeUnknownError} nobody can tell whether it was made; every other error says that it was not
   */
  addPin(pin: NewPin, idempotencyKey: string, options: LookupOptions = {}): Promise<Pin> {
    return this.#writer.add(pin, idempotencyKey, options.signal)
  }

  /**
   * Puts a pin in the place of another, as `addPin` adds one. Parts that are not named stay as they are.
   *
   * One `POST /pins/{requestid}`, and one `GET /pins/{requestid}` before it unless name, origins and `meta` are all given or
   * cleared. Where the POST would lose the pin or keep its old CID, pinql adds the new pin and then removes the old one. The
   * old pin is always read then, and the removal is one request more.
   *
   * @throws {PinNotFoundError} the pin to replace is not there
   * @throws {UnchangedPinError} the service answered with success, but not with the pin that was asked for
   * @throws what `addPin` throws
   */
  replacePin(ref: PinRef, changes: PinChanges, idempotencyKey: string, options: LookupOptions = {}): Promise<Pin> {
    return this.#writer.replace(ref, changes, idempotencyKey, options.signal)
  }

  /**
   * Removes a pin: one `DELETE /pins/{requestid}`, repeated after failures, since removing twice does no harm.
   *
   * A service that answers 202 for unknown ids as well (filecoin-pin, Crust) is taken at its word.
   *
   * @throws {PinNotFoundError} it is not there, and no removal within the last minute may have taken it away unheard
   */
  removePin(requestId: string, options: TenantCallOptions = {}): Promise<void> {
    return this.#writer.remove(requestId, options)
  }

  /** Looks, in the background, what became of writes that an earlier process left unfinished. */
  lookForUnfinishedWrites(): void {
    this.#writer.lookForUnfinished()
  }
}
