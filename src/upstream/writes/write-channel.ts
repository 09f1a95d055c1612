import type { Cid } from '../../domain/cid.ts'
import { PinNotFoundError, RateLimitedError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { Clock } from '../clock.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { PinningService, ServiceCall } from '../service/service.ts'
import type { StopSignal } from '../stop.ts'
import type { LookupOptions, TenantCallOptions } from '../tenant/tenant.ts'
import { RecentKeys } from './recent-keys.ts'

/** What a channel needs of its tenant. */
export interface WriteSource {
  readonly key: string
  readonly token: string
  getPin(requestId: string, options?: TenantCallOptions): Promise<Pin>
  lookupContent(cid: Cid, options?: LookupOptions): Promise<readonly Pin[]>
  /** The same, without the pins that lists do not show yet. */
  listContent(cid: Cid, options?: LookupOptions): Promise<readonly Pin[]>
  /** Called after every request that may have changed something. */
  changed(): void
}

/** How long a service may take to show a new pin in its lists, and to answer a removal that was repeated. */
const GRACE_MS = 60_000
/** How long the answer to a write is as good as a look at the pin. */
const FRESH_MS = 2_000

/** The single requests by which a tenant's pins are changed, and what is remembered of them for a minute. */
export class WriteChannel {
  readonly #service: PinningService
  readonly #source: WriteSource
  /** The CIDs of the pins that were made, by request id: lists may not show them yet. */
  readonly #made: RecentKeys<Cid>
  /** Pins as the answers to their writes showed them, unless something newer is known. */
  readonly #fresh: RecentKeys<Pin>
  /** Request ids whose removal was sent, and got no answer. */
  readonly #maybeRemoved: RecentKeys<null>

  constructor(service: PinningService, source: WriteSource) {
    this.#service = service
    this.#source = source
    this.#made = new RecentKeys(service.clock, GRACE_MS)
    this.#fresh = new RecentKeys(service.clock, FRESH_MS)
    this.#maybeRemoved = new RecentKeys(service.clock, GRACE_MS)
  }

  get key(): string {
    return this.#source.key
  }

  get service(): string {
    return this.#service.name
  }

  get capabilities(): Capabilities {
    return this.#service.capabilities
  }

  get clock(): Clock {
    return this.#service.clock
  }

  get timeoutMs(): number {
    return this.#service.timeoutMs
  }

  async post(
    pin: NewPin,
    { replaced, old, askedAt }: { replaced: string | null; old: string | null; askedAt: number },
    options: LookupOptions = {},
  ): Promise<Pin> {
    // A variable: V8 makes a function that is written as the value of a property in the old generation, and with it the pin.
    const send: ServiceCall<Pin>['send'] = (client, callOptions) =>
      replaced === null ? client.addPin(pin, callOptions) : client.replacePin(replaced, pin, callOptions)
    try {
      const made = await this.#service.call({ ...this.#call(options), isRepeatable: false, askedAt, send })
      // An answer with the old pin may mean that nothing was done. It proves nothing about `meta`.
      if (made.requestId !== old) this.#service.known.observeAdded(pin, made)
      if (replaced !== null) {
        this.#made.delete(replaced)
        this.#fresh.delete(replaced)
      }
      this.#made.set(made.requestId, made.cid)
      this.#fresh.set(made.requestId, made)
      return made
    } finally {
      this.#source.changed()
    }
  }

  /** A pin as it was made within the last 2 s; undefined once an answer showed it again. */
  justMade(requestId: string): Pin | undefined {
    return this.#fresh.get(requestId)
  }

  /** Notes that an answer showed a pin. */
  shown(requestId: string): void {
    this.#fresh.delete(requestId)
  }

  async removePin(
    requestId: string,
    { successor, ...options }: TenantCallOptions & { successor?: Pin | undefined } = {},
  ): Promise<void> {
    let lost: ServiceUnavailableError | undefined
    try {
      await this.#service.call({
        ...this.#call(options),
        isRepeatable: true,
        send: (client, callOptions) =>
          client.removePin(requestId, { ...callOptions, successor }).catch((error) => {
            // A lost answer to an earlier try makes a later one find nothing.
            if (error instanceof PinNotFoundError && this.#maybeRemoved.has(requestId)) return
            if (error instanceof ServiceUnavailableError && error.mayHaveActed) {
              lost = error
              this.#maybeRemoved.set(requestId, null)
            }
            throw error
          }),
      })
      this.#maybeRemoved.delete(requestId)
      this.#made.delete(requestId)
      this.#fresh.delete(requestId)
    } catch (error) {
      // That a later try was not made, or refused, does not mean that nothing was done.
      throw lost && isNothingDone(error) ? lost : error
    } finally {
      this.#source.changed()
    }
  }

  getPin(requestId: string, { signal }: LookupOptions = {}): Promise<Pin> {
    return this.#source.getPin(requestId, { class: 'mutation', signal })
  }

  lookupContent(cid: Cid, options?: LookupOptions): Promise<readonly Pin[]> {
    return this.#source.lookupContent(cid, options)
  }

  /** The new pins of a CID that a list of it should have shown, each read by its id. */
  async missingFrom(listed: readonly Pin[], cid: Cid, signal: StopSignal): Promise<Pin[]> {
    const shown = new Set(listed.map(({ requestId }) => requestId))
    const missing: string[] = []
    for (const [requestId, made] of this.#made.entries()) {
      if (made.key === cid.key && !shown.has(requestId)) missing.push(requestId)
    }
    const pins = await Promise.all(missing.map((requestId) => this.#findMade(requestId, signal)))
    return pins.filter((pin) => pin !== null)
  }

  async showsWrites(options?: LookupOptions): Promise<boolean> {
    // The oldest, since lists may lag.
    const [example] = this.#made.entries()
    if (example && this.capabilities.keepsMeta !== false) {
      const [requestId, cid] = example
      const pin = (await this.#source.listContent(cid, options)).find((each) => each.requestId === requestId)
      if (!pin) return false
      if (pin.operationId === undefined) this.#service.known.observeLostMeta()
    }
    return this.capabilities.keepsMeta === true
  }

  noteReplaced(requestId: string, pin: Pin): void {
    this.#service.noteReplaced(this.key, requestId, pin)
  }

  observeIgnoredCid(): void {
    const proof = 'a pin kept its CID when it was replaced'
    this.#service.known.learn({ replace: 'add-then-remove' }, 'replace', proof)
  }

  async #findMade(requestId: string, signal: StopSignal): Promise<Pin | null> {
    try {
      return await this.#source.getPin(requestId, { signal })
    } catch (error) {
      if (!(error instanceof PinNotFoundError)) throw error
      this.#made.delete(requestId)
      return null
    }
  }

  #call({ signal, class: requestClass = 'mutation' }: TenantCallOptions) {
    const { key: tenant, token } = this.#source
    return { tenant, token, signal, class: requestClass, endpoint: 'write' } as const
  }
}

/** Whether an error says that its try had no effect, for want of budget, connection or trust. */
function isNothingDone(error: unknown): boolean {
  return error instanceof RateLimitedError || (error instanceof ServiceUnavailableError && !error.mayHaveActed)
}
