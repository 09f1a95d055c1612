import type { Cid } from '../../domain/cid.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import type { PinQuery } from '../http/list-query.ts'
import type { TenantObserver } from '../observing/tenant-observer.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { PinLookups } from '../reading/pin-lookups.ts'
import { PinReads } from '../reading/pin-reads.ts'
import type { ReadOptions } from '../reading/pin-source.ts'
import { collectPins, openPinStreams } from '../reading/streams/collect-pins.ts'
import { countPins } from '../reading/streams/count-pins.ts'
import type { PinStream, PinStreamOptions } from '../reading/streams/pin-stream.ts'
import type { Service } from '../service/service.ts'
import type { SignalOptions, TenantCallOptions } from '../service/tenant-call-options.ts'
import { PinWriter } from '../writes/pin-writer.ts'
import { RecentWrites } from '../writes/recent-writes.ts'
import type { PinChanges } from '../writes/replacement.ts'
import type { WriteJournal } from '../writes/write-journal.ts'

/**
 * One token at one service, with the pins that this token can read and change.
 *
 * All calls wait for the service's budget, and are retried as it allows. Equal reads in flight share one request. A read
 * that starts after a change was answered never shares a request that was sent before the answer.
 *
 * Every call rejects with
 * - `RateLimitedError` when the budget cannot grant a call in time,
 * - `UnauthorizedError`, `InsufficientFundsError`, `BadRequestError`, `PinNotFoundError`, or `ServiceError`, depending on
 *   the service's status and words,
 * - `ServiceUnavailableError` when the service is down or does not answer in time,
 * - `MalformedResponseError` when the answer is not in the API's words,
 * - `signal.reason` when aborted. Adds and replacements reject with `ServiceUnavailableError` instead.
 */
export class Tenant {
  /** Service and keyed hash of the token. It is part of every key under which anything is kept or shared. */
  readonly key: string
  /** Its lists and single pins, with the lessons from their answers. Callers that only read pins use the methods below. */
  readonly reads: PinReads
  readonly #service: Service
  readonly #recent: RecentWrites
  readonly #lookups: PinLookups
  readonly #writer: PinWriter

  /** @param journal all writes of the process */
  constructor(service: Service, key: string, token: string, journal: WriteJournal) {
    this.key = key
    this.#service = service
    const account = { service, key, token }
    const recent = new RecentWrites(service.clock)
    const reads = new PinReads(account, recent)
    const lookups = new PinLookups(account, reads, recent)
    this.#recent = recent
    this.reads = reads
    this.#lookups = lookups
    this.#writer = new PinWriter({ account, reads, lookups, recent }, journal)
  }

  /** Configured name of the service. */
  get service(): string {
    return this.#service.name
  }

  /** Key of the turn that it shares with other tenants. Undefined once the service has accepted its token. */
  get sharedTurn(): string | undefined {
    return this.#service.standings.sharedTurnOf(this.key)
  }

  /** Notes the network from which the next operations with the token come. See `Standings`. */
  cameFrom(network: string): void {
    this.#service.standings.cameFrom(this.key, network)
  }

  /** The service's capabilities, as far as known now, without what it refuses to this token. */
  get capabilities(): Capabilities {
    return this.reads.capabilities
  }

  /** Sets the observer that sees all answers to this tenant. Returns a function that removes it. */
  observe(observer: TenantObserver): () => void {
    return this.#service.observe(this.key, observer)
  }

  /**
   * Opens streams of the pins that match a query, newest first: one for each part of the query, since a service accepts only some CIDs
   * in one list. No pin is in two streams. Sends nothing before a stream is read.
   */
  openStreams(query: PinQuery, options: PinStreamOptions): PinStream[] {
    return openPinStreams(this.reads, query, options)
  }

  /** Returns every pin that matches a query, newest first. See `collectPins` for the cost. */
  collectPins(query: PinQuery, options: ReadOptions = {}): Promise<readonly Pin[]> {
    return collectPins(this.reads, query, options)
  }

  /** Returns the number of pins that match a query; null where the service does not reveal it. See `countPins` for the cost. */
  countPins(query: PinQuery, options: TenantCallOptions = {}): Promise<number | null> {
    return countPins(this.reads, query, options)
  }

  /** Reads one pin with one `GET /pins/{requestid}`. */
  getPin(requestId: string, options: TenantCallOptions = {}): Promise<Pin> {
    return this.reads.getPin(requestId, options)
  }

  /**
   * Looks up a pin whose CID is known. It costs a tenth of a request or less when other pins are looked up at the same
   * time.
   *
   * If a list lacks the pin, that proves nothing, since some lists lag. Then the pin is read by its request id.
   */
  lookupPin(ref: PinRef, options: SignalOptions = {}): Promise<Pin> {
    return this.#lookups.pin(ref, options)
  }

  /**
   * Returns a pin that a change made within the last 2 s, so that its caller need not read it. Undefined for any other pin,
   * and once an answer to a read has shown the pin.
   */
  justMade(requestId: string): Pin | undefined {
    return this.#recent.justMade(requestId)
  }

  /**
   * Looks up all pins of a CID, newest first. It costs a tenth of a request or less when other CIDs are looked up at the
   * same time.
   */
  lookupContent(cid: Cid, options: SignalOptions = {}): Promise<readonly Pin[]> {
    return this.#lookups.content(cid, options)
  }

  /**
   * Adds a pin, at most once per key as far as the service allows that to be known.
   *
   * Usually it sends one `POST /pins`. Where the service drops `meta`, it first looks up the CID. After a lost answer, it
   * looks for the pin in the service's lists. It sends the pin again only after a list that was answered, and that would
   * have shown the pin. In all, this takes at most about 2.5 times as long as one try may take. After a second `POST`, it
   * looks again for duplicates in the background, a minute later.
   *
   * @param idempotencyKey the client's, or a key made for this write
   * @param options.signal aborts the write until something was sent that may change pins. After that, the write is
   *   completed.
   * @throws {IdempotencyConflictError} the key was used for another write within 24 hours
   * @throws {OutcomeUnknownError} it cannot be known whether the pin was added. Every other error means that it was not
   *   added.
   */
  addPin(pin: NewPin, idempotencyKey: string, options: SignalOptions = {}): Promise<Pin> {
    return this.#writer.add(pin, idempotencyKey, options)
  }

  /**
   * Replaces a pin, in the same way as `addPin` adds one. Undefined parts stay unchanged.
   *
   * It sends one `POST /pins/{requestid}`. Before that, it sends one `GET /pins/{requestid}`, unless name, origins and
   * `meta` are all given or cleared. Where the POST would lose the pin or keep its old CID, pinql adds the new pin and then
   * removes the old one. Then the old pin is always read, and the removal is one more request.
   *
   * @throws {PinNotFoundError} the pin to replace does not exist
   * @throws {UnchangedPinError} the service answered with success, but not with the requested pin
   * @throws whatever `addPin` throws
   */
  replacePin(ref: PinRef, changes: PinChanges, idempotencyKey: string, options: SignalOptions = {}): Promise<Pin> {
    return this.#writer.replace(ref, changes, idempotencyKey, options)
  }

  /**
   * Removes a pin with one `DELETE /pins/{requestid}`. It is retried after failures, since removing twice does no harm.
   *
   * Some services answer 202 for unknown request ids as well (filecoin-pin, Crust). There, removing an unknown pin
   * succeeds.
   *
   * @throws {PinNotFoundError} the pin does not exist, and no unanswered removal within the last minute may have removed it
   */
  removePin(requestId: string, options: TenantCallOptions = {}): Promise<void> {
    return this.#writer.remove(requestId, options)
  }

  /**
   * Looks, in the background, for the pins of writes that an earlier process left unfinished. See
   * `PinWriter.lookForUnfinished`.
   */
  lookForUnfinishedWrites(): void {
    this.#writer.lookForUnfinished()
  }
}
