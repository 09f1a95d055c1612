import type { Cid } from '../../domain/cid.ts'
import { PinNotFoundError, RateLimitedError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { Account } from '../service/account.ts'
import type { ServiceCall } from '../service/service-call.ts'
import type { SignalOptions, TenantCallOptions } from '../service/tenant-call-options.ts'
import type { Clock } from '../waiting/clock.ts'
import { Stop, type StopSignal, type WaitingOperations } from '../waiting/stop.ts'
import type { RecentWrites } from './recent-writes.ts'

/** The parts of a tenant that its writes use. */
export interface WritingTenant {
  readonly account: Account
  readonly reads: { getPin(requestId: string, options: TenantCallOptions): Promise<Pin> }
  readonly lookups: {
    content(cid: Cid, options: SignalOptions): Promise<readonly Pin[]>
    /** Like `content`, without the pins that lists do not show yet. */
    listed(cid: Cid, options: SignalOptions): Promise<readonly Pin[]>
  }
  readonly recent: RecentWrites
}

/**
 * The single requests of one write. Events about a request name the operations that wait for the write.
 *
 * A write that was sent continues when its clients leave. So its requests do not use the signals of the clients, which
 * would abort them. They use a signal that is never aborted. Only a removal that a user asked for may bring its own.
 */
export class WriteRequests {
  readonly #tenant: WritingTenant
  readonly #operations: WaitingOperations
  /** Never aborted. */
  readonly #signal: StopSignal

  constructor(tenant: WritingTenant, operations: WaitingOperations) {
    this.#tenant = tenant
    this.#operations = operations
    this.#signal = new Stop(operations)
  }

  /** Key of the tenant. */
  get tenantKey(): string {
    return this.#tenant.account.key
  }

  /** Configured name of the service. */
  get serviceName(): string {
    return this.#tenant.account.service.name
  }

  get capabilities(): Capabilities {
    return this.#tenant.account.service.capabilities
  }

  get clock(): Clock {
    return this.#tenant.account.service.clock
  }

  /** Milliseconds that one try of a call may take. */
  get timeoutMs(): number {
    return this.#tenant.account.service.timeoutMs
  }

  /**
   * Sends one `POST /pins` or `POST /pins/{requestid}`. It is retried only if the failed request cannot have had an effect.
   *
   * @param write.replaced request id of the pin that the service replaces; null to add
   * @param write.old request id of the old pin, even if pinql removes it later; null for an add
   * @param write.askedAt clock time from which the deadline counts
   */
  async post(
    pin: NewPin,
    { replaced, old, askedAt }: { replaced: string | null; old: string | null; askedAt: number },
  ): Promise<Pin> {
    const { account, recent } = this.#tenant
    // A variable, since V8 allocates a function that is written as a property value in the old generation, and keeps the
    // pin with it.
    const send: ServiceCall<Pin>['send'] = (client, callOptions) =>
      replaced === null ? client.addPin(pin, callOptions) : client.replacePin(replaced, pin, callOptions)
    try {
      const made = await account.service.call({ ...this.#call({}), isRepeatable: false, askedAt, send })
      // An answer with the old pin may mean that nothing was done. It proves nothing about `meta`.
      if (made.requestId !== old) account.service.known.observeAdded(pin, made)
      recent.made(made, replaced)
      return made
    } finally {
      recent.changed()
    }
  }

  /**
   * Sends one `DELETE /pins/{requestid}`. It is retried after failures, since removing twice does no harm.
   *
   * @param options.successor the pin that replaces the removed one, if there is one
   * @param options.signal aborts the removal. Default: nothing aborts it.
   * @throws {PinNotFoundError} the pin does not exist, and no unanswered removal within the last minute may have removed it
   * @throws {ServiceUnavailableError} with `mayHaveActed` when an answer was lost and no later try was answered
   */
  async removePin(
    requestId: string,
    { successor, ...options }: TenantCallOptions & { readonly successor?: Pin | undefined } = {},
  ): Promise<void> {
    const { account, recent } = this.#tenant
    let lost: ServiceUnavailableError | undefined
    const send: ServiceCall<void>['send'] = (client, callOptions) =>
      client.removePin(requestId, { ...callOptions, successor }).catch((error) => {
        // If the answer to an earlier try was lost, a later try may find no pin.
        if (error instanceof PinNotFoundError && recent.isMaybeRemoved(requestId)) return
        if (error instanceof ServiceUnavailableError && error.mayHaveActed) {
          lost = error
          recent.maybeRemoved(requestId)
        }
        throw error
      })
    try {
      await account.service.call({ ...this.#call(options), isRepeatable: true, send })
      recent.removed(requestId)
    } catch (error) {
      // If a later try was not made or was refused, an earlier try may still have had an effect.
      throw lost && isNothingDone(error) ? lost : error
    } finally {
      recent.changed()
    }
  }

  getPin(requestId: string): Promise<Pin> {
    return this.#tenant.reads.getPin(requestId, { class: 'mutation', signal: this.#signal })
  }

  /** Returns all pins of a CID, newest first, as the service lists them now. */
  async lookupContent(cid: Cid, { signal }: SignalOptions = {}): Promise<readonly Pin[]> {
    const { lookups } = this.#tenant
    if (!signal) return lookups.content(cid, { signal: this.#signal })
    const stop = new Stop(this.#operations)
    const letGo = stop.follow(signal)
    try {
      return await lookups.content(cid, { signal: stop })
    } finally {
      letGo()
    }
  }

  /**
   * Returns whether the lists of the service are proof: a write whose pin they do not show was not made. That is so if the
   * service keeps `meta` and lists new pins at once.
   *
   * To test the lists, it looks for a pin that was made within the last minute, if there is one.
   */
  async showsWrites(): Promise<boolean> {
    const { account, recent, lookups } = this.#tenant
    // The oldest pin, since lists may lag.
    const example = recent.oldest
    if (example && this.capabilities.keepsMeta !== false) {
      const listed = await lookups.listed(example.cid, { signal: this.#signal })
      const pin = listed.find(({ requestId }) => requestId === example.requestId)
      if (!pin) return false
      if (pin.writeId === undefined) account.service.known.observeLostMeta()
    }
    return this.capabilities.keepsMeta === true
  }

  /** Reports to the tenant's observer that a pin has replaced another. The answer that showed it may have been lost. */
  noteReplaced(requestId: string, pin: Pin): void {
    const { service, key } = this.#tenant.account
    service.noteReplaced(key, requestId, pin)
  }

  /** Records that the service replaced a pin but kept its CID. */
  observeIgnoredCid(): void {
    this.#tenant.account.service.known.observeIgnoredCid()
  }

  #call({ signal = this.#signal, class: requestClass = 'mutation' }: TenantCallOptions) {
    const { key: tenantKey, token } = this.#tenant.account
    return { tenantKey, token, signal, class: requestClass, endpoint: 'write' } as const
  }
}

/** Returns whether an error means that its try had no effect: no budget, no connection, or an open breaker. */
function isNothingDone(error: unknown): boolean {
  return error instanceof RateLimitedError || (error instanceof ServiceUnavailableError && !error.mayHaveActed)
}
