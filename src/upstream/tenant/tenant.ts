import { type Cid, cidTexts, parseCid } from '../../domain/cid.ts'
import { type NewPin, PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { comparePositions } from '../../domain/pin-order.ts'
import type { Endpoint } from '../budget/rate-limit.ts'
import type { RequestClass } from '../budget/request-class.ts'
import type { CallOptions, PinOperations } from '../http/client.ts'
import type { ListQuery, PinQuery } from '../http/list-query.ts'
import { type PinPage, SharedPage } from '../http/wire.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { countIn, isUnfiltered, splitQuery } from '../reading/list-plan.ts'
import { LookupQueue } from '../reading/lookup-queue.ts'
import { collectPins } from '../reading/pin-stream.ts'
import type { LearnedCapabilities } from '../service/learned-capabilities.ts'
import type { PinningService, ServiceCall } from '../service/service.ts'
import type { TenantObserver } from '../service/tenant-observer.ts'
import type { StopSignal } from '../stop.ts'
import { PinWriter } from '../writes/pin-writer.ts'
import type { PinChanges } from '../writes/replacement.ts'
import { WriteChannel } from '../writes/write-channel.ts'
import { WriteJournal } from '../writes/write-journal.ts'
import { SingleFlight } from './single-flight.ts'

/** What every call of a tenant takes. */
export interface TenantCallOptions {
  /** Aborts the call; it then rejects with `signal.reason`. */
  readonly signal?: StopSignal | undefined
  /** Why the call is made, which decides its turn. Default: `interactive`, and `mutation` for changes. */
  readonly class?: RequestClass | undefined
}

/** What a lookup takes; its class is `interactive`. */
export type LookupOptions = Pick<TenantCallOptions, 'signal'>

/** Between two tries whether an account is empty or several statuses find nothing. */
const MULTI_STATUS_PAUSE_MS = 60_000

/**
 * One token at one service: whose pins are seen and changed.
 *
 * All calls wait for the service's budget and are retried as it allows. Equal reads under way share one request; a read
 * that starts after a change was answered never shares one that started before it. Every operation rejects with
 * - `RateLimitedError` when the budget has no room in time,
 * - `UnauthorizedError`, `InsufficientFundsError`, `BadRequestError`, `PinNotFoundError`, `ServiceError` as the service says,
 * - `ServiceUnavailableError` when it is down or silent, `MalformedResponseError` when it talks nonsense,
 * - `signal.reason` when aborted.
 */
export class Tenant {
  /** Service and a keyed hash of the token. Part of every key under which anything is kept. */
  readonly key: string
  readonly #service: PinningService
  readonly #token: string
  readonly #flights = new SingleFlight()
  readonly #lookups: LookupQueue
  readonly #channel: WriteChannel
  readonly #writer: PinWriter
  /** Grows with every change, so that later reads do not share earlier ones. */
  #generation = 0
  /** Whether a pin was ever read by its id, so that lists cannot all be empty. */
  #hasPins = false
  /** On the service's clock. */
  #triesAgainAt = Number.NEGATIVE_INFINITY
  /** How many pins there are, as far as a list told. */
  #total: number | null = null

  /** @param journal of all writes of the process. Default: one in memory, of this tenant alone */
  constructor(service: PinningService, key: string, token: string, journal: WriteJournal = new WriteJournal()) {
    this.key = key
    this.#service = service
    this.#token = token
    this.#lookups = new LookupQueue(service, {
      key,
      token,
      total: () => this.#total,
      list: (client, query, callOptions) => this.#list(client, query, callOptions),
      isDoubtful: (query, page) => this.#hasPins && this.#isDoubtful(query, page),
      collect: (cids, signal) => collectPins(this, { cids, statuses: PIN_STATUSES }, { signal }),
    })
    this.#channel = new WriteChannel(service, {
      key,
      token,
      getPin: (requestId, options) => this.getPin(requestId, options),
      lookupContent: (cid, options) => this.lookupContent(cid, options),
      listContent: (cid, options = {}) =>
        this.#share(`listed:${cid.key}`, options, (signal) => this.#listContent(cid, signal)),
      changed: () => this.#generation++,
    })
    this.#writer = new PinWriter(this.#channel, journal)
  }

  /** Configured name of the service. */
  get service(): string {
    return this.#service.settings.name
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
    return splitQuery(query, this.capabilities, this.#token.length)
  }

  /**
   * One page: one `GET /pins`. The query is sent as it is; see `PinStream` for one that copes with every service.
   *
   * An empty answer to several statuses costs one or two requests more, at most once a minute, while no such list ever
   * had a pin, since there are services that understand only one status at a time.
   */
  listPins(query: ListQuery, options: TenantCallOptions = {}): Promise<PinPage> {
    const { signal, class: requestClass = 'interactive' } = options
    const start = async (stop: StopSignal): Promise<SharedPage> => {
      const ask = (each: ListQuery): Promise<PinPage> =>
        this.#read('list', requestClass, stop, (client, callOptions) => this.#list(client, each, callOptions))
      const page = await ask(query)
      if (this.#isDoubtful(query, page)) await this.#tryMultiStatus(ask)
      return page instanceof SharedPage ? page : new SharedPage(page.count, [...page.pins])
    }
    return this.#flights.share(`${this.#generation}:list:${requestClass}:${JSON.stringify(query)}`, start, {
      signal,
      onShared: (page, readers) => page.shareAmong(readers),
    })
  }

  /** One pin: one `GET /pins/{requestid}`. */
  getPin(requestId: string, options: TenantCallOptions = {}): Promise<Pin> {
    const requestClass = options.class ?? 'interactive'
    return this.#share(`get:${requestClass}:${requestId}`, options, async (signal) => {
      const pin = await this.#read('item', requestClass, signal, (client, callOptions) =>
        client.getPin(requestId, callOptions),
      )
      this.#hasPins = true
      this.#channel.shown(requestId)
      return pin
    })
  }

  /**
   * A pin whose CID is known: a tenth of a request, or less, when others are looked up at the same time.
   *
   * A list that lacks the pin proves nothing, since some lag behind; then the pin itself is asked for.
   */
  lookupPin(ref: PinRef, options: LookupOptions = {}): Promise<Pin> {
    const { cid, requestId } = ref
    return this.#share(`pin:${cid}:${requestId}`, options, async (signal) => {
      const [pin] = await this.#lookups.find({ cid: parseCid(cid), requestId }, signal)
      this.#channel.shown(requestId)
      return pin ?? this.getPin(requestId, { signal })
    })
  }

  /** A pin as a change made it within the last 2 s, so that whoever made it need not ask; undefined for any other. */
  justMade(requestId: string): Pin | undefined {
    return this.#channel.justMade(requestId)
  }

  /** All pins of a CID, newest first: a tenth of a request, or less, when others are looked up at the same time. */
  lookupContent(cid: Cid, options: LookupOptions = {}): Promise<readonly Pin[]> {
    return this.#share(`content:${cid.key}`, options, async (signal) => {
      const listed = await this.#listContent(cid, signal)
      const unlisted = await this.#channel.missingFrom(listed, cid, signal)
      const pins = new Map([...listed, ...unlisted].map((pin) => [pin.requestId, pin]))
      return [...pins.values()].sort(comparePositions)
    })
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
    return this.#channel.removePin(requestId, options)
  }

  /** Looks, in the background, what became of writes that an earlier process left unfinished. */
  lookForUnfinishedWrites(): void {
    this.#writer.lookForUnfinished()
  }

  async #listContent(cid: Cid, signal: StopSignal): Promise<readonly Pin[]> {
    const forms = this.capabilities.cidForm === 'text' ? cidTexts(cid) : [cid.text]
    const find = (text: string) => this.#lookups.find({ cid: { text, key: cid.key }, requestId: null }, signal)
    return (await Promise.all(forms.map(find))).flat()
  }

  async #list(client: PinOperations, query: ListQuery, options: CallOptions): Promise<PinPage> {
    const page = await client.listPins(query, options)
    for (const { requestId } of page.pins) this.#channel.shown(requestId)
    this.known.observePage(query, page)
    if (isUnfiltered(query)) this.#total = countIn(page, query, query, this.capabilities)
    else if (provesCount(query, page, this.#total)) this.known.observeRightCount()
    return page
  }

  #isDoubtful({ statuses }: ListQuery, { pins }: PinPage): boolean {
    return pins.length === 0 && statuses.length > 1 && this.capabilities.multiStatus === null
  }

  /** Finds out whether a list of several statuses finds anything, unless there is nothing to be found. */
  async #tryMultiStatus(ask: (query: ListQuery) => Promise<PinPage>): Promise<void> {
    const now = this.#service.clock.now()
    if (now < this.#triesAgainAt && !this.#hasPins) return
    this.#triesAgainAt = now + MULTI_STATUS_PAUSE_MS
    const one = await ask({ statuses: ['pinned'], limit: 1 })
    if (one.pins.length === 0) return
    // Though all were asked for before: what is found by one may have been added since, and what is learned stays.
    const several = await ask({ statuses: PIN_STATUSES, limit: 1 })
    this.known.observeMultiStatus(several.pins.length > 0)
  }

  #share<Value>(
    key: string,
    options: TenantCallOptions,
    start: (signal: StopSignal) => Promise<Value>,
  ): Promise<Value> {
    return this.#flights.share(`${this.#generation}:${key}`, start, options)
  }

  #read<Value>(
    endpoint: Endpoint,
    requestClass: RequestClass,
    signal: StopSignal,
    send: ServiceCall<Value>['send'],
  ): Promise<Value> {
    return this.#service.call({
      tenant: this.key,
      token: this.#token,
      endpoint,
      class: requestClass,
      signal,
      isRepeatable: true,
      send,
    })
  }
}

/** A whole list of some statuses that counts itself, and neither more nor all pins. */
function provesCount(query: ListQuery, { pins, count }: PinPage, total: number | null): boolean {
  const isByStatus = isUnfiltered({ ...query, statuses: PIN_STATUSES })
  return isByStatus && pins.length < query.limit && pins.length === count && pins.length < (total ?? 0)
}
