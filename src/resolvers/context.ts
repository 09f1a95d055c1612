import { setMaxListeners } from 'node:events'
import type { Informers } from '../live/informers.ts'
import { createLoaders, type Loaders } from '../loaders/create-loaders.ts'
import type { ServiceRegistry } from '../upstream/registry.ts'
import type { Tenant } from '../upstream/tenant.ts'

/** What a GraphQL request's resolvers work with. */
export interface GatewayContext {
  readonly services: ServiceRegistry
  readonly loaders: Loaders
  /** Live status, shared by all requests. */
  readonly live: Informers
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
  /**
   * The caller's pins at a service.
   *
   * @throws {UnknownServiceError} when no service has that name
   * @throws {UnauthorizedError} when there is no token for it; costs no upstream request
   */
  tenant(service: string): Tenant
  /** Whether the caller has a token for a service, of their own or by configuration. */
  mayUse(service: string): boolean
}

/** The parts of a request that the context is made from. */
export interface ContextRequest {
  readonly headers: { get(name: string): string | null }
  readonly signal: AbortSignal
  readonly requestId: string
}

/**
 * The context of one GraphQL request.
 *
 * A service's token is taken from the header `X-Pinning-Token-{service}`, for the default service also from
 * `Authorization: Bearer`, and last from the configuration.
 */
export function createContext(services: ServiceRegistry, live: Informers, request: ContextRequest): GatewayContext {
  const { headers, signal, requestId } = request
  // A thousand lookups may wait at once, each for the signal; that is no leak, and needs no warning.
  setMaxListeners(0, signal)
  const tokenOf = (service: string): string | null =>
    headers.get(`x-pinning-token-${service}`)?.trim() ||
    (service === services.defaultName ? bearerToken(headers.get('authorization')) : null)
  // To find a tenant, its token is hashed; a request may look up a thousand pins.
  const tenants = new Map<string, Tenant>()
  const tenant = (service: string): Tenant => {
    const found = tenants.get(service) ?? services.tenant(service, tokenOf(service))
    tenants.set(service, found)
    return found
  }
  return {
    services,
    live,
    loaders: createLoaders(tenant, signal),
    signal,
    requestId,
    tenant,
    mayUse: (service) => Boolean(tokenOf(service) ?? services.get(service).settings.token),
  }
}

function bearerToken(header: string | null): string | null {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? null
}
