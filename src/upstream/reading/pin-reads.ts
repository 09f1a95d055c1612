import type { Cid } from '../../domain/cid.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import type { PinRoom } from '../../domain/pin-room.ts'
import { isPoll, type RequestClass } from '../budget/request-class.ts'
import type { CallOptions, PinClient } from '../http/client.ts'
import { isUnfiltered, type ListQuery, type PinQuery } from '../http/list-query.ts'
import { type PinPage, type PinRecords, recordCount, SharedPage, sharedCopyOf, withoutDoubt } from '../http/pin-page.ts'
import type { LearnedCapabilities } from '../learning/learned-capabilities.ts'
import { ListProofs } from '../learning/list-proofs.ts'
import { TokenRefusals } from '../learning/token-refusals.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { Account } from '../service/account.ts'
import type { ServiceCall } from '../service/service-call.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'
import type { Clock } from '../waiting/clock.ts'
import { SingleFlight } from '../waiting/single-flight.ts'
import type { StopSignal } from '../waiting/stop.ts'
import { EmptyAnswers } from './checks/empty-answers.ts'
import { ListTurns } from './checks/list-turns.ts'
import { type CheckedAccount, NO_OTHER_LISTS, type OtherLists, type PageCheck } from './checks/page-check.ts'
import { RefusedLists } from './checks/refused-lists.ts'
import { StrangerChecks } from './checks/stranger-checks.ts'
import { countIn } from './lists/list-counts.ts'
import { splitQuery } from './lists/split-query.ts'
import type { LookupSource } from './lookups/lookup-queue.ts'
import type { ListOptions, PinSource } from './pin-source.ts'
import { collectRecords } from './streams/collect-pins.ts'

/** The facts about a tenant's changes that its reads depend on. */
export interface ChangesSeen {
  /** Grows with every change, so that a read never shares a request that was sent before the change. */
  readonly generation: number
  /** Notes that an answer contained a pin. */
  shown(requestId: string): void
}

/**
 * One tenant's lists and single pins. Equal reads in flight share one request.
 *
 * It also learns from the answers whether the account has pins, and how many.
 */
export class PinReads implements PinSource, LookupSource, CheckedAccount {
  readonly #account: Account
  readonly #changes: ChangesSeen
  /** Equal reads in flight. A read that nobody shares is a plain call. */
  readonly #flights = new SingleFlight()
  /** True once a pin was read by its request id, so that a list of all pins cannot be empty. */
  #hasReadPin = false
  /** True once a list had pins. */
  #hasListedPins = false
  /** Number of the account's pins, if a list revealed it. */
  #total: number | null = null
  readonly #checks: StrangerChecks
  readonly #refused: RefusedLists
  readonly #empty: EmptyAnswers
  readonly #turns: ListTurns
  readonly proofs: ListProofs
  readonly refusals: TokenRefusals

  constructor(account: Account, changes: ChangesSeen) {
    this.#account = account
    this.#changes = changes
    this.proofs = new ListProofs(account.service.known)
    this.refusals = new TokenRefusals(account.service.known)
    this.#checks = new StrangerChecks(this)
    this.#refused = new RefusedLists(this)
    this.#empty = new EmptyAnswers(this)
    this.#turns = new ListTurns(account, () => this.#checks.forget())
  }

  get key(): string {
    return this.#account.key
  }

  get generation(): number {
    return this.#changes.generation
  }

  get token(): string {
    return this.#account.token
  }

  get service(): string {
    return this.#account.service.name
  }

  /** The service's capabilities, without what it refuses to this token. */
  get capabilities(): Capabilities {
    const { capabilities } = this.#account.service
    return this.known.isStranger ? this.refusals.restrict(capabilities) : capabilities
  }

  get clock(): Clock {
    return this.#account.service.clock
  }

  get room(): PinRoom {
    return this.#account.service.room
  }

  get known(): LearnedCapabilities {
    return this.#account.service.known
  }

  total(): number | null {
    return this.#total
  }

  splitQuery(query: PinQuery): PinQuery[] {
    return splitQuery(query, this.capabilities, this.token.length)
  }

  /**
   * Reads one page. The query is sent unchanged. Streams work with every service instead.
   *
   * At a known provider, this is one `GET /pins`. At an unknown service, a page that may lack pins is checked with further
   * lists, until answers have shown how the service lists. `StrangerChecks` says when, and what that costs.
   */
  listPins(query: ListQuery, options: ListOptions = {}): Promise<PinPage> {
    const { signal, class: requestClass = 'interactive', isWalk = false } = options
    const read = async (stop: StopSignal, askedAt: number, others: OtherLists): Promise<SharedPage> => {
      const ask = (each: ListQuery): Promise<PinPage> => this.#ask(each, requestClass, stop)
      const askFirst = (each: ListQuery): Promise<PinPage> => this.#ask(each, requestClass, stop, askedAt)
      const isChecked = this.known.isStranger && !isPoll(requestClass)
      const first = await (isChecked ? this.#checks.askFirst(query, askFirst) : askFirst(query))
      // Pins that lists had may be gone. Each poll of an emptied account would then be checked, with five requests more.
      const check = { ask, class: requestClass, isWalk, hasPins: this.#hasReadPin, askedAt, others }
      // At a known provider, this is the same page.
      const page = await this.#checks.check({ query, page: first, check })
      // A page that is whole after all reveals the number of pins.
      if (page !== first && isUnfiltered(query)) this.#total = this.#countIn(page, query)
      return page instanceof SharedPage ? page : sharedCopyOf(page)
    }
    const start = async (stop: StopSignal): Promise<SharedPage> =>
      requestClass === 'interactive' && this.#checks.mayCheck(query)
        ? this.#turns.run(
            stop,
            async (askedAt) => this.#known(query, stop, askedAt) ?? (await read(stop, askedAt, this.#turns)),
            { mayBe: () => this.#checks.mayAnswer, find: () => this.#answerTogether(query, stop) },
          )
        : (requestClass === 'interactive' && this.#known(query, stop)) || read(stop, this.clock.now(), NO_OTHER_LISTS)
    const key = `${this.generation}:list:${requestClass}:${isWalk}:${JSON.stringify(query)}`
    return this.#flights.share(key, start, { signal, onShared: shareAmong })
  }

  /** Returns the answer to a list from all pins of the account, if they were read since its operation began. */
  #known(query: ListQuery, { since }: StopSignal, askedAt = this.clock.now()): SharedPage | null {
    return this.known.isStranger ? this.#checks.known(query, since ?? askedAt) : null
  }

  /** Returns the answer to a list from all pins of the account, which are read once for many lists. Null: there is none. */
  async #answerTogether(query: ListQuery, signal: StopSignal): Promise<SharedPage | null> {
    const askedAt = this.clock.now()
    const check: PageCheck = {
      ask: (each) => this.#ask(each, 'interactive', signal),
      class: 'interactive',
      isWalk: false,
      hasPins: this.#hasReadPin,
      askedAt,
      others: this.#turns,
    }
    return this.#checks.answer(query, signal.since ?? askedAt, check)
  }

  /** See `Tenant.getPin`. */
  getPin(requestId: string, options: TenantCallOptions = {}): Promise<Pin> {
    const requestClass = options.class ?? 'interactive'
    const start = async (signal: StopSignal): Promise<Pin> => {
      const pin = await this.#read({
        endpoint: 'item',
        class: requestClass,
        signal,
        send: (client, callOptions) => client.getPin(requestId, callOptions),
      })
      this.#hasReadPin = true
      this.#changes.shown(requestId)
      return pin
    }
    return this.#flights.share(`${this.generation}:get:${requestClass}:${requestId}`, start, options)
  }

  async list(client: PinClient, query: ListQuery, options: CallOptions): Promise<PinPage> {
    const page = await this.#list(client, this.#accepted(query), options)
    // Nothing more is asked for a lookup. What its list lacks is looked up by itself.
    if (!page.looksCut || !this.proofs.countsBeyondPages(query, page)) return page
    if (isUnfiltered(query)) this.#total = page.count
    return withoutDoubt(page)
  }

  async #list(client: PinClient, query: ListQuery, options: CallOptions): Promise<PinPage> {
    const page = await client.listPins(query, options).catch((error: unknown) => {
      const empty = this.#empty.known(error)
      if (empty === null) throw error
      return empty
    })
    for (const { requestId } of page.pins) this.#changes.shown(requestId)
    this.#hasListedPins ||= page.pins.length > 0
    this.known.observePage(query, page)
    const { isStranger } = this.known
    if (isStranger) this.proofs.observe(query, page)
    const looksCut = isStranger && this.proofs.looksCut(query, page)
    // Read only now: the page may have taught something.
    if (isUnfiltered(query)) this.#total = looksCut ? null : this.#countIn(page, query)
    else if (provesCount(query, page, this.#total) && this.proofs.countsBeyondPages(query, page)) {
      this.known.observeRightCount()
    }
    return looksCut ? sharedCopyOf({ ...page, looksCut }) : page
  }

  isAvoidable(query: ListQuery, error: unknown): boolean {
    return this.#empty.isOpen(error) || this.#refused.isAvoidable(query, error)
  }

  isWhole(query: ListQuery, page: PinPage, signal: StopSignal): Promise<boolean> {
    const requestClass = 'interactive'
    const check: PageCheck = {
      ask: (each) => this.#ask(each, requestClass, signal),
      class: requestClass,
      isWalk: false,
      hasPins: this.#hasReadPin || this.#hasListedPins,
      askedAt: this.clock.now(),
      others: NO_OTHER_LISTS,
    }
    return this.#checks.isWholeLookup({ query, page, check })
  }

  collect(cids: readonly Cid[] | undefined, signal: StopSignal): Promise<PinRecords> {
    return collectRecords(this, { cids, statuses: PIN_STATUSES }, { signal })
  }

  /** Requests a list, in other words if a stranger refuses it or has words of its own for an empty one. */
  async #ask(query: ListQuery, requestClass: RequestClass, stop: StopSignal, askedAt?: number): Promise<PinPage> {
    const call = { endpoint: 'list', class: requestClass, signal: stop } as const
    const send = (sent: ListQuery): Promise<PinPage> =>
      this.#read({
        ...call,
        askedAt,
        isFinal: (error) => this.#refused.isAvoidable(sent, error),
        send: (client, options) => this.#list(client, sent, options),
      })
    const askUnlearned = (sent: ListQuery): Promise<PinPage> =>
      this.#read({ ...call, send: (client, options) => client.listPins(sent, options) })
    const sendOrTell = (sent: ListQuery): Promise<PinPage> =>
      send(sent).catch((error: unknown) => this.#empty.read(sent, error, send, askUnlearned))
    const accepted = this.#accepted(query)
    return sendOrTell(accepted).catch((error: unknown) => this.#refused.askOtherwise(accepted, error, sendOrTell))
  }

  /** Returns a query without what a stranger is known to refuse to this token. */
  #accepted(query: ListQuery): ListQuery {
    return this.known.isStranger ? this.#refused.accepted(query) : query
  }

  #read<Value>(call: Omit<ServiceCall<Value>, 'tenantKey' | 'token' | 'isRepeatable'>): Promise<Value> {
    const { service, key: tenantKey, token } = this.#account
    const { endpoint, class: requestClass, signal, askedAt, isFinal, send } = call
    // Without `...call`: V8 copies objects of different forms slowly, and this runs for every read.
    return service.call({
      tenantKey,
      token,
      endpoint,
      class: requestClass,
      signal,
      isRepeatable: true,
      isFinal,
      askedAt,
      send,
    })
  }

  #countIn(page: PinPage, query: ListQuery): number | null {
    return countIn(page, query, { query, capabilities: this.capabilities })
  }
}

/** A function of the module: V8 would make one that is written as the value of a property in the old generation. */
function shareAmong(page: SharedPage, readers: number): void {
  page.shareAmong(readers)
}

/**
 * Returns whether a list of some statuses is complete, has a `count` equal to its length, and is shorter than the list of
 * all pins.
 */
function provesCount(query: ListQuery, page: PinPage, total: number | null): boolean {
  const records = recordCount(page)
  const isByStatus = isUnfiltered({ ...query, statuses: PIN_STATUSES })
  return isByStatus && records < query.limit && records === page.count && records < (total ?? 0)
}
