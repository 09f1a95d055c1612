import { UnauthorizedError, UnknownServiceError } from '../domain/errors.ts'
import type { Informers } from '../live/informers.ts'
import { createLoaders, type Loaders } from '../loaders/create-loaders.ts'
import type { ServiceRegistry } from '../upstream/registry.ts'
import type { StopSignal } from '../upstream/stop.ts'
import type { Tenant } from '../upstream/tenant.ts'

/** Who sent a request, as far as resolvers need to know: which token to use at a service. */
export interface Caller {
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
  /** Whether `tenant` gives one: the caller has a token for the service, of their own or by configuration. */
  mayUse(service: string): boolean
}

/** The parts of a request that the context is made from. */
export interface ContextRequest {
  readonly caller: Caller
  readonly signal: StopSignal
  readonly requestId: string
}

/** The context of one GraphQL request, or of one event of a subscription. */
export function createContext(services: ServiceRegistry, live: Informers, request: ContextRequest): GatewayContext {
  const { caller, signal, requestId } = request
  // To find a tenant, its token is hashed; a request may look up a thousand pins.
  const tenants = new Map<string, Tenant>()
  const tenant = (service: string): Tenant => {
    const found = tenants.get(service) ?? services.tenant(service, caller.tokenFor(service))
    tenants.set(service, found)
    return found
  }
  let loaders: Loaders | undefined
  return {
    services,
    live,
    get loaders() {
      loaders ??= createLoaders(tenant, signal)
      return loaders
    },
    signal,
    requestId,
    tenant,
    mayUse: (service) => {
      try {
        return Boolean(caller.tokenFor(service) ?? services.get(service).settings.token)
      } catch (error) {
        if (error instanceof UnauthorizedError || error instanceof UnknownServiceError) return false
        throw error
      }
    },
  }
}
