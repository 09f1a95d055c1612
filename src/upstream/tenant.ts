import { createHmac, randomBytes } from 'node:crypto'
import { type Cid, cidTexts, parseCid } from '../domain/cid.ts'
import { PinNotFoundError } from '../domain/errors.ts'
import { type NewPin, PIN_STATUSES, type Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import { sortPins } from '../domain/pin-order.ts'
import type { RequestClass } from './budget/request-class.ts'
import type { Capabilities } from './capabilities.ts'
import { isCountExact } from './list-plan.ts'
import type { ListQuery } from './list-query.ts'
import { LookupQueue } from './lookup-queue.ts'
import { collectPins } from './pin-stream.ts'
import type { PinningService } from './pinning-service.ts'
import { SingleFlight } from './single-flight.ts'
import type { TenantObserver } from './tenant-observer.ts'
import type { PinPage } from './wire.ts'

/** What every call of a tenant takes. */
export interface TenantCallOptions {
  /** Aborts the call; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
  /** Why the call is made, which decides its turn. Default: `interactive`, and `mutation` for changes. */
  readonly class?: RequestClass | undefined
}

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
  /** Grows with every change, so that later reads do not share earlier ones. */
  #generation = 0
  /** How many pins there are, as far as a list told. */
  #total: number | null = null

  constructor(service: PinningService, key: string, token: string) {
    this.key = key
    this.#service = service
    this.#token = token
    this.#lookups = new LookupQueue(service, {
      key,
      token,
      total: () => this.#total,
      observe: (query, page) => this.#observe(query, page),
      collect: (cids, signal) => collectPins(this, { cids, statuses: PIN_STATUSES }, { signal }),
    })
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

  /** Notes that the service's counts cannot be relied on. */
  observeWrongCount(): void {
    this.#service.known.observeWrongCount()
  }

  /** One page: one `GET /pins`. The query is sent as it is; see `PinStream` for one that copes with every service. */
  listPins(query: ListQuery, options: TenantCallOptions = {}): Promise<PinPage> {
    const requestClass = options.class ?? 'interactive'
    return this.#share(`list:${requestClass}:${JSON.stringify(query)}`, options, async (signal) => {
      const page = await this.#service.call({
        ...this.#caller(signal, requestClass),
        endpoint: 'list',
        isRepeatable: true,
        send: (client, callOptions) => client.listPins(query, callOptions),
      })
      this.#observe(query, page)
      return page
    })
  }

  /** One pin: one `GET /pins/{requestid}`. */
  getPin(requestId: string, options: TenantCallOptions = {}): Promise<Pin> {
    const requestClass = options.class ?? 'interactive'
    return this.#share(`get:${requestClass}:${requestId}`, options, (signal) =>
      this.#service.call({
        ...this.#caller(signal, requestClass),
        endpoint: 'item',
        isRepeatable: true,
        send: (client, callOptions) => client.getPin(requestId, callOptions),
      }),
    )
  }

  /** A pin whose CID is known: a tenth of a request, or less, when others are looked up at the same time. */
  lookupPin(ref: PinRef, options: TenantCallOptions = {}): Promise<Pin> {
    return this.#share(`pin:${ref.cid}:${ref.requestId}`, options, async (signal) => {
      const { requestId } = ref
      const [pin] = await this.#lookups.find({ cid: parseCid(ref.cid), requestId }, signal)
      if (!pin) throw new PinNotFoundError(this.service, requestId)
      return pin
    })
  }

  /** All pins of a CID, newest first: a tenth of a request, or less, when others are looked up at the same time. */
  lookupContent(cid: Cid, options: TenantCallOptions = {}): Promise<readonly Pin[]> {
    return this.#share(`content:${cid.key}`, options, async (signal) => {
      const forms = this.capabilities.cidForm === 'text' ? cidTexts(cid) : [cid.text]
      const find = (text: string) => this.#lookups.find({ cid: { ...cid, text }, requestId: null }, signal)
      const pins = new Map((await Promise.all(forms.map(find))).flat().map((pin) => [pin.requestId, pin]))
      return sortPins([...pins.values()])
    })
  }

  /** One `POST /pins`. Never sent twice when the first may have had an effect. */
  addPin(pin: NewPin, options: TenantCallOptions = {}): Promise<Pin> {
    return this.#change(async () => {
      const added = await this.#service.call({
        ...this.#caller(options.signal, options.class ?? 'mutation'),
        endpoint: 'write',
        isRepeatable: false,
        send: (client, callOptions) => client.addPin(pin, callOptions),
      })
      this.#service.known.observeAdded(pin, added)
      return added
    })
  }

  /** One `POST /pins/{requestid}`. Never sent twice when the first may have had an effect. */
  replacePin(requestId: string, pin: NewPin, options: TenantCallOptions = {}): Promise<Pin> {
    return this.#change(() =>
      this.#service.call({
        ...this.#caller(options.signal, options.class ?? 'mutation'),
        endpoint: 'write',
        isRepeatable: false,
        send: (client, callOptions) => client.replacePin(requestId, pin, callOptions),
      }),
    )
  }

  /** One `DELETE /pins/{requestid}`, repeated after failures: removing twice does no harm. */
  removePin(requestId: string, options: TenantCallOptions = {}): Promise<void> {
    let mayBeGone = false
    return this.#change(() =>
      this.#service.call({
        ...this.#caller(options.signal, options.class ?? 'mutation'),
        endpoint: 'write',
        isRepeatable: true,
        send: async (client, callOptions) => {
          try {
            await client.removePin(requestId, callOptions)
          } catch (error) {
            // A lost answer to the first try makes the second one find nothing.
            if (error instanceof PinNotFoundError && mayBeGone) return
            mayBeGone = true
            throw error
          }
        },
      }),
    )
  }

  #observe(query: ListQuery, page: PinPage): void {
    this.#service.known.observePage(query, page)
    if (isUnfiltered(query) && isCountExact(query, this.capabilities)) this.#total = page.count
  }

  async #change<Value>(make: () => Promise<Value>): Promise<Value> {
    try {
      return await make()
    } finally {
      this.#generation++
    }
  }

  #share<Value>(
    key: string,
    options: TenantCallOptions,
    start: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    return this.#flights.share(`${this.#generation}:${key}`, start, options)
  }

  #caller(signal: AbortSignal | undefined, requestClass: RequestClass) {
    return { tenant: this.key, token: this.#token, signal, class: requestClass }
  }
}

function isUnfiltered(query: ListQuery): boolean {
  const { cids, name, meta, before, after, statuses } = query
  const filters = [cids, name, meta, before, after]
  return filters.every((filter) => filter === undefined) && statuses.length === PIN_STATUSES.length
}

/** Makes keys that tell tenants apart without telling their tokens; keys of two makers never match. */
export function createTenantKeys(): (service: string, token: string) => string {
  const secret = randomBytes(32)
  return (service, token) => `${service}:${createHmac('sha256', secret).update(token).digest('base64url')}`
}
