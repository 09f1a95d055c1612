import { parseCid } from '../../../src/domain/cid.ts'
import {
  MalformedResponseError,
  PinNotFoundError,
  ServiceUnavailableError,
  UnauthorizedError,
} from '../../../src/domain/errors.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { NewPin, Pin, PinStatus } from '../../../src/domain/pin.ts'
import type { CallOptions, ServiceClient } from '../../../src/upstream/http/client.ts'
import { createPinFilter, type ListQuery } from '../../../src/upstream/http/list-query.ts'
import type { LeftOut, PinPage } from '../../../src/upstream/http/pin-page.ts'
import type { Clock } from '../../../src/upstream/waiting/clock.ts'
import { exampleCid } from '../providers/example-cid.ts'

export type ModelOperation = 'list' | 'get' | 'add' | 'replace' | 'remove'

/** The course of one request. Absent: it is answered at once. */
export interface Fate {
  /** Milliseconds until the service looks at it. */
  readonly beforeMs?: number
  /** Milliseconds from then to the arrival of the answer, which shows the pins of the earlier moment. */
  readonly afterMs?: number
  /** Refused, without effect. */
  readonly refusal?: Error
  /** Takes effect, but a `LostReply` arrives in place of the answer. */
  readonly isReplyLost?: boolean
  /** Takes effect so many milliseconds after a `LostReply` has arrived in place of the answer. */
  readonly lateMs?: number
  /** Reads are answered as things were so long ago: a replica that lags behind. */
  readonly staleMs?: number
}

/** The error that a client gets if the answer never arrives. */
export class LostReply extends ServiceUnavailableError {
  constructor() {
    super('the answer was lost', { service: 'model', mayHaveActed: true })
  }
}

export interface ModelServiceOptions {
  readonly clock: Clock
  readonly fate?: (operation: ModelOperation, token: string) => Fate | undefined
}

/** A pin's state before a write. */
interface PastWrite {
  readonly at: number
  readonly requestId: string
  readonly before: Pin | null
}

/** Number of different CIDs. They are reused because making one is slow. */
const CIDS = 5_000
const cidCache: ReturnType<typeof parseCid>[] = []
/** The n-th CID; they repeat. */
export const cidOf = (n: number): ReturnType<typeof parseCid> => {
  cidCache[n % CIDS] ??= parseCid(exampleCid(n % CIDS))
  return cidCache[n % CIDS] as ReturnType<typeof parseCid>
}

/**
 * A model of a pinning service, in this process and on a given clock: it follows the specification to the letter, and a test
 * reads and changes its pins directly. Each state of a pin has its number in `info.rev`. `fate` decides what becomes of each
 * request.
 */
export class ModelService {
  /** Requests as they arrived. */
  readonly requests: { readonly operation: ModelOperation; readonly token: string; readonly at: number }[] = []
  readonly revoked = new Set<string>()
  /** Request ids of pins that answers show as records that are no valid pins. */
  readonly odd = new Set<string>()
  fate: NonNullable<ModelServiceOptions['fate']> | undefined
  /** Answers lists in place of the model. */
  onList: ((query: ListQuery) => Promise<PinPage>) | undefined
  /** Told of every state that a pin takes on. */
  onState: ((pin: Pin) => void) | undefined
  /** True to keep each request. Simulations need only their number. */
  isLogging = true
  requestCount = 0
  /** Age in milliseconds of the oldest state that a read may be answered with. Default 0: no past state is kept. */
  keepsPastMs = 0
  readonly #past = new Map<string, PastWrite[]>()
  readonly #clock: Clock
  readonly #accounts = new Map<string, Map<string, Pin>>()
  #sequence = 0
  #lastMs = 0

  constructor({ clock, fate }: ModelServiceOptions) {
    this.#clock = clock
    this.fate = fate
  }

  /** Returns the pins of a token as they are now, oldest first. */
  pins(token: string): ReadonlyMap<string, Pin> {
    return this.#account(token)
  }

  add(token: string, pin: Partial<Pin> = {}): Pin {
    const n = this.#sequence++
    // The specification wants every `created` to be unique.
    this.#lastMs = Math.max(this.#lastMs + 1, this.#clock.wallNow())
    const added: Pin = {
      service: 'model',
      requestId: `r${n}`,
      cid: cidOf(n),
      name: null,
      origins: [],
      meta: {},
      status: 'queued',
      created: parseInstant(new Date(this.#lastMs).toISOString()),
      delegates: [],
      info: { rev: '0' },
      ...pin,
    }
    this.#write(token, added.requestId, added)
    return added
  }

  setStatus(token: string, requestId: string, status: PinStatus): Pin {
    const pin = this.#account(token).get(requestId)
    if (!pin) throw new Error(`no pin ${requestId}`)
    const next = { ...pin, status, info: { rev: String(Number(pin.info.rev) + 1) } }
    this.#write(token, requestId, next)
    return next
  }

  remove(token: string, requestId: string): void {
    this.#write(token, requestId, null)
  }

  /** The service as a client sees it; every client sees the same. */
  connect = (): ServiceClient => ({
    listPins: (query, options) =>
      this.onList?.(query) ??
      this.#answer('list', options, (pins) => {
        const all = [...pins.values()].filter(createPinFilter(query))
        const shown = all.slice(-query.limit).reverse()
        const isOdd = ({ requestId }: Pin): boolean => this.odd.has(requestId)
        const leftOut = shown.filter(isOdd).map(leaveOut)
        return { count: all.length, pins: shown.filter((pin) => !isOdd(pin)), ...(leftOut.length > 0 && { leftOut }) }
      }),
    getPin: (requestId, options) =>
      this.#answer('get', options, (pins) => {
        const pin = find(pins, requestId)
        if (this.odd.has(requestId)) throw new MalformedResponseError('no valid pin', { service: 'model' })
        return pin
      }),
    addPin: (pin, options) => this.#answer('add', options, () => this.add(options.token, fields(pin))),
    replacePin: (requestId, pin, options) =>
      this.#answer('replace', options, (pins) => {
        find(pins, requestId)
        this.remove(options.token, requestId)
        return this.add(options.token, fields(pin))
      }),
    removePin: (requestId, options) =>
      this.#answer('remove', options, (pins) => {
        find(pins, requestId)
        this.remove(options.token, requestId)
      }),
    async [Symbol.asyncDispose]() {},
  })

  async #answer<Value>(
    operation: ModelOperation,
    options: CallOptions,
    act: (pins: ReadonlyMap<string, Pin>) => Value,
  ): Promise<Value> {
    const { token, signal } = options
    options.onSent?.()
    this.requestCount++
    if (this.isLogging) this.requests.push({ operation, token, at: this.#clock.now() })
    const { beforeMs = 0, afterMs = 0, refusal, isReplyLost, staleMs, lateMs } = this.fate?.(operation, token) ?? {}
    if (beforeMs > 0) await this.#sleep(beforeMs)
    if (lateMs !== undefined) {
      this.#clock.setTimeout(() => this.#attempt(token, refusal, () => act(this.#account(token))), lateMs)
      throw new LostReply()
    }
    const isRead = operation === 'list' || operation === 'get'
    const pins = isRead && staleMs ? this.#replica(token, staleMs) : this.#account(token)
    const outcome = this.#attempt(token, refusal, () => act(pins))
    if (afterMs > 0) await this.#sleep(afterMs)
    signal?.throwIfAborted()
    if (isReplyLost) throw new LostReply()
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }

  #attempt<Value>(token: string, refusal: Error | undefined, act: () => Value): { value: Value } | { error: unknown } {
    try {
      if (refusal) throw refusal
      if (this.revoked.has(token)) throw new UnauthorizedError('the token was revoked', { service: 'model' })
      return { value: act() }
    } catch (error) {
      return { error }
    }
  }

  #write(token: string, requestId: string, pin: Pin | null): void {
    const account = this.#account(token)
    const before = account.get(requestId) ?? null
    if (pin) account.set(requestId, pin)
    else account.delete(requestId)
    if (pin) this.onState?.(pin)
    if (this.keepsPastMs === 0) return
    const past = this.#past.get(token) ?? []
    this.#past.set(token, past)
    past.push({ at: this.#clock.now(), requestId, before })
    if (past.length % 1_000 > 0) return
    const kept = past.findIndex(({ at }) => at >= this.#clock.now() - this.keepsPastMs)
    past.splice(0, Math.max(0, kept))
  }

  /** Returns the pins of an account as they were so many milliseconds ago. */
  #replica(token: string, ageMs: number): ReadonlyMap<string, Pin> {
    const since = this.#clock.now() - ageMs
    const pins = new Map(this.#account(token))
    const past = this.#past.get(token) ?? []
    for (let index = past.length - 1; index >= 0; index--) {
      const { at, requestId, before } = past[index] as PastWrite
      if (at <= since) break
      if (before) pins.set(requestId, before)
      else pins.delete(requestId)
    }
    return new Map([...pins].sort(([, a], [, b]) => (a.created.ns < b.created.ns ? -1 : 1)))
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.setTimeout(resolve, ms))
  }

  #account(token: string): Map<string, Pin> {
    const known = this.#accounts.get(token)
    if (known) return known
    const account = new Map<string, Pin>()
    this.#accounts.set(token, account)
    return account
  }
}

function leaveOut({ requestId, cid }: Pin): LeftOut {
  return { key: requestId, cidKey: cid.key, reason: 'created: expected an RFC 3339 timestamp' }
}

function find(pins: ReadonlyMap<string, Pin>, requestId: string): Pin {
  const pin = pins.get(requestId)
  if (!pin) throw new PinNotFoundError('model', requestId)
  return pin
}

function fields({ cid, name, origins, meta, writeId }: NewPin): Partial<Pin> {
  return { cid, name, origins, meta, writeId }
}
