import { UnauthorizedError, UnknownServiceError } from '../domain/errors.ts'
import { createPinningServiceClient, type PinningServiceClient, type ProxySettings } from './client.ts'
import { createTenant, createTenantKeys, type Tenant } from './tenant.ts'

/** A service as it was configured. */
export interface ServiceSettings {
  readonly name: string
  /** Base URL of the Pinning Service API. */
  readonly endpoint: string
  /** Used for callers who bring no token of their own; null when they must. */
  readonly token: string | null
  /** Which known provider runs it; null for one that keeps to the specification. */
  readonly provider: string | null
}

export interface RegistryOptions {
  /** Milliseconds a call to a service may take. Default 10,000. */
  readonly timeoutMs?: number | undefined
  readonly proxy?: ProxySettings | undefined
}

/** The configured services by name, each with its connections. */
export interface ServiceRegistry extends AsyncDisposable {
  /** In the order of the configuration. */
  readonly services: readonly ServiceSettings[]
  /** The service that is meant where none is named. */
  readonly defaultName: string
  /** @throws {UnknownServiceError} when no service has that name */
  get(name: string): ServiceSettings
  /**
   * One token at one service.
   *
   * @param token of the caller; null for the configured one
   * @throws {UnknownServiceError} when no service has that name
   * @throws {UnauthorizedError} when neither the caller nor the configuration has a token
   */
  tenant(name: string, token: string | null): Tenant
}

/**
 * Opens a connection pool to each service; nothing is sent yet.
 *
 * @param defaultName must be the name of one of `services`
 */
export function createServiceRegistry(
  services: readonly ServiceSettings[],
  defaultName: string,
  options: RegistryOptions = {},
): ServiceRegistry {
  const byName = new Map(services.map((service) => [service.name, service]))
  const clients = new Map<string, PinningServiceClient>(
    services.map(({ name, endpoint }) => [name, createPinningServiceClient({ name, endpoint, ...options })]),
  )
  const keyOf = createTenantKeys()

  function lookUp<Value>(from: ReadonlyMap<string, Value>, name: string): Value {
    const found = from.get(name)
    if (found === undefined) throw new UnknownServiceError(name, [...byName.keys()])
    return found
  }

  return {
    services,
    defaultName,
    get: (name) => lookUp(byName, name),
    tenant(name, callersToken) {
      const token = callersToken ?? lookUp(byName, name).token
      const client = lookUp(clients, name)
      if (!token) throw new UnauthorizedError(missingToken(name, defaultName), { service: name })
      return createTenant(name, keyOf(name, token), client, token)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...clients.values()].map((client) => client[Symbol.asyncDispose]()))
    },
  }
}

function missingToken(name: string, defaultName: string): string {
  const header =
    name === defaultName ? `"Authorization: Bearer …" or "X-Pinning-Token-${name}"` : `"X-Pinning-Token-${name}"`
  return `No token for ${name}: expected one in the header ${header}`
}
