import { UnauthorizedError, UnknownServiceError } from '../domain/errors.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { Informers } from '../live/informers.ts'
import { createLoaders, type Loaders } from '../loaders/create-loaders.ts'
import type { StopSignal } from '../upstream/stop.ts'
import type { ServiceRegistry } from '../upstream/tenant/registry.ts'
import type { Tenant } from '../upstream/tenant/tenant.ts'

/** Who sent a request, as far as resolvers need to know: which token to use at a service. */
export interface CallerTokens {
  /**
   * The caller's own token for a service; null when the caller brought none, so that the configured one is used.
   *
   * @throws {UnauthorizedError} when the token is malformed
   * @throws {UnknownServiceError} when the caller brought a token for an unknown service, and none for this one
   */
  tokenFor(service: string): string | null
}

/** What a GraphQL request's resolvers work with. */
export interface GatewayContext {
  readonly services: ServiceRegistry
  readonly loaders: Loaders
  /** Live status, shared by all requests. */
  readonly live: Informers
  /** Aborted when the client goes away. */
  readonly signal: StopSignal
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
  /**
   * The caller's pins at a service.
   *
   * @throws {UnknownServiceError} when no service has that name, or the caller brought a token for one that is unknown and
   *   none for this one
   * @throws {UnauthorizedError} when there is no token for it, or one that cannot be read; costs no upstream request
   */
  tenant(service: string): Tenant
  /** Takes over a list that nobody else uses. It is emptied when the answer has been encoded. */
  own<Element>(list: Element[]): Element[]
  /** Empties the lists that it owns. */
  emptyLists(): void
  /**
   * Has the rest of the request look again at what a change may have changed.
   *
   * @param ref the pin that was changed; null for a new one
   */
  forgetLookups(ref: PinRef | null): void
  /** True if `tenant` returns one: the caller or the configuration has a token for the service. */
  mayUse(service: string): boolean
  /** Key of the caller's tenant at a service; undefined when there is no token for the service. */
  tenantKey(service: string): string | undefined
}

/** The parts of a request that the context is made from. */
export interface ContextRequest {
  readonly caller: CallerTokens
  readonly signal: StopSignal
  readonly requestId: string
}

/** Creates the context of one GraphQL request, or of one event of a subscription. */
export function createContext(services: ServiceRegistry, live: Informers, request: ContextRequest): GatewayContext {
  return new RequestContext(services, live, request)
}

/**
 * A class, since every request has a context. V8 makes the functions and getters of an object literal in the old generation.
 * From there they would keep the whole request from the cheap garbage collection.
 */
class RequestContext implements GatewayContext {
  readonly services: ServiceRegistry
  readonly live: Informers
  readonly signal: StopSignal
  readonly requestId: string
  readonly #caller: CallerTokens
  /** The tenant of the first service that is used, which is the only one as a rule. */
  #first: Tenant | undefined
  /** A request may look up a thousand pins. */
  #others: Map<string, Tenant> | undefined
  #loaders: Loaders | undefined
  #lists: unknown[][] | undefined

  constructor(services: ServiceRegistry, live: Informers, { caller, signal, requestId }: ContextRequest) {
    this.services = services
    this.live = live
    this.signal = signal
    this.requestId = requestId
    this.#caller = caller
  }

  get loaders(): Loaders {
    this.#loaders ??= createLoaders((service) => this.tenant(service), this.signal)
    return this.#loaders
  }

  tenant(service: string): Tenant {
    if (this.#first?.service === service) return this.#first
    const tenant = this.#others?.get(service) ?? this.services.tenant(service, this.#caller.tokenFor(service))
    if (this.#first === undefined) this.#first = tenant
    else {
      this.#others ??= new Map()
      this.#others.set(service, tenant)
    }
    return tenant
  }

  own<Element>(list: Element[]): Element[] {
    this.#lists ??= []
    this.#lists.push(list)
    return list
  }

  forgetLookups(ref: PinRef | null): void {
    const loaders = this.#loaders
    if (!loaders) return
    if (ref) loaders.pins.clear(ref)
    // All, since the same content may have been looked up by another CID.
    loaders.contents.clearAll()
  }

  emptyLists(): void {
    for (const list of this.#lists ?? []) list.length = 0
  }

  tenantKey(service: string): string | undefined {
    return this.mayUse(service) ? this.tenant(service).key : undefined
  }

  mayUse(service: string): boolean {
    try {
      return Boolean(this.#caller.tokenFor(service) ?? this.services.get(service).settings.token)
    } catch (error) {
      if (error instanceof UnauthorizedError || error instanceof UnknownServiceError) return false
      throw error
    }
  }
}
