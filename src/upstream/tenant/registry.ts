import { LRUCache } from 'lru-cache'
import { UnauthorizedError, UnknownServiceError } from '../../domain/errors.ts'
import { PinningService, type PinningServiceOptions, type ServiceSettings } from '../service/service.ts'
import { WriteJournal } from '../writes/write-journal.ts'
import type { WriteRecords } from '../writes/write-records.ts'
import { Tenant } from './tenant.ts'
import { createTenantKeys } from './tenant-keys.ts'

/** The configured services by name, each with its connections, budget and breakers. */
export interface ServiceRegistry extends AsyncDisposable {
  /** In the order of the configuration. */
  readonly services: readonly PinningService[]
  /** The service that is meant where none is named. */
  readonly defaultName: string
  /** @throws {UnknownServiceError} when no service has that name */
  get(name: string): PinningService
  /**
   * One token at one service; the same object for the same token, as long as it is in use.
   *
   * @param token of the caller; null for the configured one
   * @throws {UnknownServiceError} when no service has that name
   * @throws {UnauthorizedError} when neither the caller nor the configuration has a token
   */
  tenant(name: string, token: string | null): Tenant
}

export interface RegistryOptions extends PinningServiceOptions {
  /** Makes the keys of tenants, at least 32 bytes; what is on record is found by them. Default: a new one. */
  readonly tenantSecret?: Uint8Array | undefined
  /** Where adds and replacements are recorded; closed with the registry. Default: in memory. */
  readonly writeRecords?: WriteRecords | undefined
}

/** Tenants kept so that their requests can share calls. One that falls out loses nothing but that. */
const MAX_TENANTS = 10_000

/**
 * Opens a connection pool to each service; nothing is sent yet.
 *
 * @param defaultName must be the name of one of `settings`
 */
export function createServiceRegistry(
  settings: readonly ServiceSettings[],
  defaultName: string,
  options: RegistryOptions = {},
): ServiceRegistry {
  const services = settings.map((each) => new PinningService(each, options))
  const byName = new Map(services.map((service) => [service.settings.name, service]))
  /** By service and token, which the tenants hold anyway. */
  const tenants = new LRUCache<string, Tenant>({ max: MAX_TENANTS })
  const keyOf = createTenantKeys(options.tenantSecret)
  const journal = new WriteJournal(options.writeRecords)

  function get(name: string): PinningService {
    const service = byName.get(name)
    if (!service) throw new UnknownServiceError(name, [...byName.keys()])
    return service
  }

  function connect(service: PinningService, token: string): Tenant {
    const tenant = new Tenant(service, keyOf(service.name, token), token, journal)
    tenant.lookForUnfinishedWrites()
    return tenant
  }

  return {
    services,
    defaultName,
    get,
    tenant(name, callersToken) {
      const service = get(name)
      const token = callersToken ?? service.settings.token
      if (!token) throw new UnauthorizedError(missingToken(name, defaultName), { service: name })
      // Not the tenant's key, which is a hash: making it would be a tenth of what a lookup costs in all.
      const held = `${name} ${token}`
      const known = tenants.get(held)
      if (known) return known
      const tenant = connect(service, token)
      tenants.set(held, tenant)
      return tenant
    },
    async [Symbol.asyncDispose]() {
      // At the same time: what is under way ends only when the connections do, and is then noted on record.
      await Promise.all([journal, ...services].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

function missingToken(name: string, defaultName: string): string {
  const own = `"X-Pinning-Token-${name}"`
  return `No token for ${name}: expected one in the header ${name === defaultName ? `"Authorization: Bearer …" or ${own}` : own}`
}
