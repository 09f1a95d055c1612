import { UnauthorizedError, UnknownServiceError } from '../domain/errors.ts'
import type { PinRef } from '../domain/pin-id.ts'
import { UnexpectedError } from '../domain/unexpected-error.ts'
import type { Informers } from '../live/informers.ts'
import { createLoaders, type Loaders } from '../loaders/create-loaders.ts'
import type { StopSignal } from '../upstream/waiting/stop.ts'
import type { CallerTenant } from './caller-tenant.ts'
import type { ConfiguredServices } from './configured-services.ts'

/** The tokens of a caller: the one thing that resolvers need to know about who sent a request. */
export interface CallerTokens {
  /**
   * Returns the caller's own token for a service. Null when the caller sent none, so that the configured token is used.
   *
   * @throws {UnauthorizedError} when the token is malformed
   * @throws {UnknownServiceError} when the caller sent a token for an unknown service, and none for this one
   */
  tokenFor(serviceName: string): string | null
}

/** Everything that the resolvers of one GraphQL request work with. */
export interface GatewayContext {
  /** The configured services, shared by all requests. */
  readonly registry: ConfiguredServices
  readonly loaders: Loaders
  /** Live status, shared by all requests. */
  readonly live: Informers
  /** Aborted when the client leaves, and when the request's deadline has passed. */
  readonly signal: StopSignal
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
  /**
   * Returns the caller's tenant at a service. Costs no upstream request.
   *
   * @throws {UnknownServiceError} when no service has that name, or the caller sent a token for an unknown service and none for
   *   this one
   * @throws {UnauthorizedError} when there is no token for the service, or the caller's token is malformed
   */
  tenant(serviceName: string): CallerTenant
  /**
   * True if `tenant` returns one: the caller or the configuration has a token for the service. Also true if a bug prevents that, so
   * that the service is asked and has the error.
   */
  mayUse(serviceName: string): boolean
  /** Key of the caller's tenant at a service; undefined when there is no token for the service, or none can be found. */
  tenantKey(serviceName: string): string | undefined
  /**
   * Forgets the lookups that a change may have made stale, so that later fields of the request look up again.
   *
   * @param ref the pin that was changed; null for a new one
   */
  forgetLookups(ref: PinRef | null): void
  /**
   * Makes of a bug the error of one element. Logs each bug once, under the request id, whatever number of elements it has failed.
   *
   * @param error anything but an expected failure
   */
  unexpected(error: unknown): UnexpectedError
  /**
   * Parses a text of an argument. The same text in the same argument, under other aliases, is not parsed again.
   *
   * @throws whatever `parse` throws
   */
  parsed<Value>(parse: (text: string, argument: string) => Value, text: string, argument: string): Value
  /** Takes over a list that nobody else uses. The list is emptied when the answer has been encoded. */
  own<Element>(list: Element[]): Element[]
  /** Empties the lists that the context owns. */
  emptyLists(): void
}

/** The parts of a request that its context is made from. */
export interface ContextRequest {
  readonly caller: CallerTokens
  readonly signal: StopSignal
  readonly requestId: string
  /** See {@link ConfiguredServices.tenant}. */
  readonly network?: string | undefined
  readonly log: BugLog
}

/** Gets the bugs that are masked. A logger is one. */
export interface BugLog {
  error(fields: { readonly err: unknown; readonly requestId: string }, message: string): void
}

/** Creates the context of one GraphQL request, or of one event of a subscription. */
export function createContext(registry: ConfiguredServices, live: Informers, request: ContextRequest): GatewayContext {
  return new RequestContext(registry, live, request)
}

/**
 * Is a class, since every request has a context. V8 makes the functions and getters of an object literal in the old generation.
 * From there they would keep the whole request from the cheap garbage collection.
 */
class RequestContext implements GatewayContext {
  readonly registry: ConfiguredServices
  readonly live: Informers
  readonly signal: StopSignal
  readonly requestId: string
  readonly #caller: CallerTokens
  /** The tenant of the first service that is used. Most requests use only one. */
  #first: CallerTenant | undefined
  /** Tenants of the other services, kept because a request may look up a thousand pins. */
  #others: Map<string, CallerTenant> | undefined
  /** Errors by service, kept so that each service refuses a request's token once, however many lookups ask for it. */
  #refusals: Map<string, unknown> | undefined
  #loaders: Loaders | undefined
  #lists: unknown[][] | undefined
  readonly #network: string | undefined
  readonly #log: BugLog
  #bugs: Map<unknown, UnexpectedError> | undefined
  #parsed: Map<unknown, Map<string, { readonly value: unknown } | { readonly error: unknown }>> | undefined

  constructor(
    registry: ConfiguredServices,
    live: Informers,
    { caller, signal, requestId, network, log }: ContextRequest,
  ) {
    this.registry = registry
    this.live = live
    this.signal = signal
    this.requestId = requestId
    this.#caller = caller
    this.#network = network
    this.#log = log
  }

  get loaders(): Loaders {
    this.#loaders ??= createLoaders((serviceName) => this.tenant(serviceName), this.signal)
    return this.#loaders
  }

  tenant(serviceName: string): CallerTenant {
    if (this.#first?.service === serviceName) return this.#first
    const tenant = this.#others?.get(serviceName) ?? this.#findTenant(serviceName)
    if (this.#first === undefined) this.#first = tenant
    else {
      this.#others ??= new Map()
      this.#others.set(serviceName, tenant)
    }
    return tenant
  }

  mayUse(serviceName: string): boolean {
    try {
      return Boolean(this.#tokenFor(serviceName) ?? this.registry.get(serviceName).hasToken)
    } catch (error) {
      return !(error instanceof UnauthorizedError || error instanceof UnknownServiceError)
    }
  }

  tenantKey(serviceName: string): string | undefined {
    if (!this.mayUse(serviceName)) return undefined
    try {
      return this.tenant(serviceName).key
    } catch (error) {
      this.unexpected(error)
      return undefined
    }
  }

  unexpected(error: unknown): UnexpectedError {
    const known = this.#bugs?.get(error)
    if (known) return known
    this.#log.error({ err: error, requestId: this.requestId }, 'Unexpected error')
    const unexpected = new UnexpectedError(error)
    this.#bugs ??= new Map()
    this.#bugs.set(error, unexpected)
    return unexpected
  }

  forgetLookups(ref: PinRef | null): void {
    const loaders = this.#loaders
    if (!loaders) return
    if (ref) loaders.pins.clear(ref)
    // The same content may have been looked up by another text of its CID, so all lookups of content are forgotten.
    loaders.contents.clearAll()
  }

  parsed<Value>(parse: (text: string, argument: string) => Value, text: string, argument: string): Value {
    this.#parsed ??= new Map()
    const results = this.#parsed.get(parse) ?? new Map()
    this.#parsed.set(parse, results)
    const key = `${argument} ${text}`
    const known = results.get(key) ?? resultOf(() => parse(text, argument))
    results.set(key, known)
    if ('error' in known) throw known.error
    return known.value as Value
  }

  own<Element>(list: Element[]): Element[] {
    this.#lists ??= []
    this.#lists.push(list)
    return list
  }

  emptyLists(): void {
    for (const list of this.#lists ?? []) list.length = 0
  }

  #findTenant(serviceName: string): CallerTenant {
    const token = this.#tokenFor(serviceName)
    try {
      return this.registry.tenant(serviceName, token, this.#network)
    } catch (error) {
      throw this.#keepRefusal(serviceName, error)
    }
  }

  #tokenFor(serviceName: string): string | null {
    if (this.#refusals?.has(serviceName)) throw this.#refusals.get(serviceName)
    try {
      return this.#caller.tokenFor(serviceName)
    } catch (error) {
      throw this.#keepRefusal(serviceName, error)
    }
  }

  #keepRefusal(serviceName: string, error: unknown): unknown {
    this.#refusals ??= new Map()
    this.#refusals.set(serviceName, error)
    return error
  }
}

function resultOf(make: () => unknown): { readonly value: unknown } | { readonly error: unknown } {
  try {
    return { value: make() }
  } catch (error) {
    return { error }
  }
}
