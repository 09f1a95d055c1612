import type { Cid } from '../domain/cid.ts'
import { PinNotFoundError, RateLimitedError } from '../domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../domain/pin.ts'
import type { Capabilities } from './capabilities.ts'
import type { CallOptions, PinOperations } from './client.ts'
import type { ListQuery } from './list-query.ts'
import type { PinningService } from './pinning-service.ts'
import type { PinPage } from './wire.ts'

/** Something that somebody waits for: all pins of a CID, or the one of them with a request id. */
export interface Lookup {
  readonly cid: Cid
  readonly requestId: string | null
}

/** What the queue needs of its tenant. */
export interface LookupSource {
  readonly key: string
  readonly token: string
  /** How many pins there are, as far as known. */
  total(): number | null
  /** Learns from a list. */
  observe(query: ListQuery, page: PinPage): void
  /** Reads everything that matches, page by page; for what does not fit one list. */
  collect(cids: readonly Cid[] | undefined, signal: AbortSignal): Promise<readonly Pin[]>
}

interface Waiter extends Lookup {
  /** On the service's clock. */
  readonly deadline: number
  readonly signal: AbortSignal
  resolve(pins: readonly Pin[]): void
  reject(error: unknown): void
}

const PAGE_LIMIT = 1000
/** Room in a request's head for everything but CIDs and token. */
const OTHER_HEAD_BYTES = 700
/** The specification warns of URLs above 2,000 characters. */
const MAX_CID_CHARACTERS = 1500

/**
 * One tenant's lookups that wait for the service's budget.
 *
 * What waits is the lookup and not a request: a request is made up when the budget lets it leave, of all that wait by
 * then. So an idle budget adds no delay, and a tight one makes larger requests by itself.
 *
 * - A lone pin leaves as `GET /pins/{requestid}`, which some services count more generously than lists.
 * - Otherwise as many CIDs as the service takes, ten at most, leave as one `GET /pins?cid=…`.
 * - Where more than one such list would be needed and all pins fit one list, that one is asked for instead.
 * - A service that does not look at `cid` is read whole, once for all that wait.
 */
export class LookupQueue {
  readonly #service: PinningService
  readonly #source: LookupSource
  readonly #waiting = new Set<Waiter>()
  #isPumping = false
  #isTooMuchForOneList = false

  constructor(service: PinningService, source: LookupSource) {
    this.#service = service
    this.#source = source
  }

  /**
   * Waits for the pins of a lookup; for one pin, at most that one.
   *
   * @throws {RateLimitedError} at once when the budget has no room for everything that waits before the deadline
   */
  find(lookup: Lookup, signal: AbortSignal): Promise<readonly Pin[]> {
    return new Promise((resolve, reject) => {
      const retryAfterMs = this.#expectedWaitMs()
      if (retryAfterMs > this.#service.timeoutMs) throw new RateLimitedError(this.#service.settings.name, retryAfterMs)
      const deadline = this.#service.clock.now() + this.#service.timeoutMs
      this.#waiting.add({ ...lookup, deadline, signal, resolve, reject })
      // After this turn of the event loop's microtasks, so that all lookups of one GraphQL request wait by then.
      if (!this.#isPumping) void this.#pump()
    })
  }

  /** Makes one request after the other; the next is asked for as soon as the last has left. */
  async #pump(): Promise<void> {
    this.#isPumping = true
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const { cidFilter } = this.#service.capabilities
      const isLone = this.#waiting.size === 1 && [...this.#waiting][0]?.requestId !== null
      if (isLone || cidFilter === 'exact') await this.#sendNext(isLone)
      else await this.#readWhole()
    }
    this.#isPumping = false
  }

  /** One request of whatever waits when its turn comes. Resolves when it has left. */
  #sendNext(isLone: boolean): Promise<void> {
    return new Promise((leave) => {
      let batch: Batch | undefined
      const stop = new AbortController()
      const cancel = whenAllAbort(this.#waiting, stop)
      this.#service
        .call({
          tenant: this.#source.key,
          token: this.#source.token,
          endpoint: isLone ? 'item' : 'list',
          class: 'interactive',
          signal: stop.signal,
          isRepeatable: true,
          send: (client, options) => {
            if (!batch) {
              cancel()
              batch = this.#takeBatch(isLone)
              whenAllAbort(batch.waiters, stop)
              leave()
            }
            return this.#send(batch, client, options)
          },
        })
        .then((pins) => batch && this.#answer(batch, pins, stop.signal))
        // Refused before a batch was made up, it is the answer to all that wait.
        .catch((error: unknown) => this.#fail(batch?.waiters ?? [...this.#waiting], error))
        .finally(leave)
    })
  }

  async #send(batch: Batch, client: PinOperations, options: CallOptions): Promise<PinPage> {
    const [first] = batch.waiters
    if (!first) return { count: 0, pins: [] }
    if (batch.kind === 'item') {
      const pins = await client.getPin(first.requestId as string, options).then(
        (pin) => [pin],
        (error: unknown) => {
          if (error instanceof PinNotFoundError) return []
          throw error
        },
      )
      return { count: pins.length, pins }
    }
    const query: ListQuery = { cids: batch.cids, statuses: PIN_STATUSES, limit: PAGE_LIMIT }
    const page = await client.listPins(query, options)
    this.#source.observe(query, page)
    return page
  }

  async #answer(batch: Batch, page: PinPage, signal: AbortSignal): Promise<void> {
    if (batch.kind === 'item' || page.pins.length < PAGE_LIMIT) return settle(batch.waiters, page.pins)
    if (batch.kind === 'cids') return settle(batch.waiters, await this.#source.collect(batch.cids, signal))
    // More pins than were thought: what is not among them is asked for by CID.
    this.#isTooMuchForOneList = true
    for (const waiter of batch.waiters) this.#waiting.add(waiter)
    if (!this.#isPumping) void this.#pump()
  }

  /** For services that do not look at `cid`: every pin, for everybody who waits. */
  async #readWhole(): Promise<void> {
    const waiters = this.#takeAll()
    const stop = new AbortController()
    whenAllAbort(waiters, stop)
    try {
      settle(waiters, await this.#source.collect(undefined, stop.signal))
    } catch (error) {
      this.#fail(waiters, error)
    }
  }

  #takeBatch(isLone: boolean): Batch {
    const waiting = this.#takeAll()
    // A lone pin's slot is for one pin; whoever joined it meanwhile waits for the next.
    if (isLone) return { kind: 'item', waiters: this.#keepBack(waiting, 1) }
    const texts = new Set(waiting.map(({ cid }) => cid.text))
    const total = this.#source.total()
    const { maxCids } = this.#service.capabilities
    const fitsOneList = total !== null && total < PAGE_LIMIT && !this.#isTooMuchForOneList
    if (texts.size > maxCids && fitsOneList) return { kind: 'all', cids: undefined, waiters: waiting }
    const cids = new Map<string, Cid>()
    const room = this.#room(this.#service.capabilities)
    let characters = 0
    const waiters = waiting.filter((waiter) => {
      const { cid } = waiter
      if (cids.has(cid.text)) return true
      if (cids.size > 0 && (cids.size === maxCids || characters + cid.text.length > room)) {
        this.#waiting.add(waiter)
        return false
      }
      cids.set(cid.text, cid)
      // A comma is three characters in a URL.
      characters += cid.text.length + 3
      return true
    })
    return { kind: 'cids', cids: [...cids.values()], waiters }
  }

  /** Empties the queue; who has waited too long is told so. */
  #takeAll(): Waiter[] {
    const now = this.#service.clock.now()
    const all = [...this.#waiting].filter(({ signal }) => !signal.aborted)
    this.#waiting.clear()
    const late = all.filter(({ deadline }) => deadline < now)
    this.#fail(late, new RateLimitedError(this.#service.settings.name, this.#expectedWaitMs()))
    return late.length === 0 ? all : all.filter(({ deadline }) => deadline >= now)
  }

  #keepBack(waiters: readonly Waiter[], count: number): Waiter[] {
    for (const waiter of waiters.slice(count)) this.#waiting.add(waiter)
    return waiters.slice(0, count)
  }

  #room({ maxHeadBytes }: Capabilities): number {
    return Math.min(MAX_CID_CHARACTERS, maxHeadBytes - OTHER_HEAD_BYTES - this.#source.token.length)
  }

  /** Until a lookup that comes now would leave: the budget's own wait, and one interval for every request before it. */
  #expectedWaitMs(): number {
    const call = { tenant: this.#source.key, endpoint: 'list', class: 'interactive' } as const
    const requestsAhead = Math.floor(this.#waiting.size / this.#service.capabilities.maxCids)
    const total = this.#source.total()
    const isOneList = total !== null && total < PAGE_LIMIT
    const intervals = this.#service
      .budgets(this.#source.key)
      .filter(({ endpoint }) => endpoint === 'list' || endpoint === 'all')
      .map(({ limit, windowMs }) => windowMs / limit)
    return this.#service.budget.expectedWaitMs(call) + (isOneList ? 0 : requestsAhead * Math.max(0, ...intervals))
  }

  #fail(waiters: readonly Waiter[], error: unknown): void {
    for (const waiter of waiters) {
      this.#waiting.delete(waiter)
      waiter.reject(error)
    }
  }
}

type Batch =
  | { readonly kind: 'item'; readonly waiters: readonly Waiter[] }
  | { readonly kind: 'cids'; readonly cids: readonly Cid[]; readonly waiters: readonly Waiter[] }
  | { readonly kind: 'all'; readonly cids: undefined; readonly waiters: readonly Waiter[] }

function settle(waiters: readonly Waiter[], pins: readonly Pin[]): void {
  const byContent = new Map<string, Pin[]>()
  for (const pin of pins) {
    const same = byContent.get(pin.cid.key)
    if (same) same.push(pin)
    else byContent.set(pin.cid.key, [pin])
  }
  for (const { cid, requestId, resolve } of waiters) {
    const found = byContent.get(cid.key) ?? []
    resolve(requestId === null ? found : found.filter((pin) => pin.requestId === requestId))
  }
}

/** Aborts a request when nobody waits for it any more. Returns how to stop watching. */
function whenAllAbort(waiters: Iterable<Waiter>, stop: AbortController): () => void {
  const signals = new Set([...waiters].map(({ signal }) => signal))
  const check = (): void => {
    if ([...waiters].every(({ signal }) => signal.aborted))
      stop.abort(new Error('Nobody waits for the answer any more'))
  }
  for (const signal of signals) signal.addEventListener('abort', check, { once: true })
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', check)
  }
}
