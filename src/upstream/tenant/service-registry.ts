import { LRUCache } from 'lru-cache'
import { UnauthorizedError, UnknownServiceError } from '../../domain/errors.ts'
import { PinRoom } from '../../domain/pin-room.ts'
import type { CreateRequestBudget } from '../budget/request-budget.ts'
import { Service, type ServiceOptions } from '../service/service.ts'
import type { ServiceSettings } from '../service/service-settings.ts'
import { createSharedLimits, type SharedLimits } from '../service/shared-limits.ts'
import { type Clock, systemClock } from '../waiting/clock.ts'
import { WriteJournal } from '../writes/write-journal.ts'
import type { WriteRecords } from '../writes/write-records.ts'
import { Tenant } from './tenant.ts'
import { createTenantKeys } from './tenant-keys.ts'

/**
 * The configured services by name. Each has its own connections and breakers. Services of one provider share a budget, since
 * the provider counts their requests together.
 */
export interface ServiceRegistry extends AsyncDisposable {
  /** All services, in the order of the configuration. */
  readonly services: readonly Service[]
  /** The clock of all services. */
  readonly clock: Clock
  /** Name of the service that is used when a request names none. */
  readonly defaultName: string
  /** @throws {UnknownServiceError} when no service has that name */
  get(name: string): Service
  /**
   * Returns the tenant for one token at one service. The same token gets the same object, unless the tenant was evicted
   * meanwhile.
   *
   * @param token the caller's token; null for the configured one
   * @param network opaque key of the network that the caller comes from. Tokens that the service has not accepted yet share a turn by it.
   *   Default: nobody knows it, and all such callers count as one network.
   * @throws {UnknownServiceError} when no service has that name
   * @throws {UnauthorizedError} when neither the caller nor the configuration has a token
   */
  tenant(name: string, token: string | null, network?: string): Tenant
}

export interface RegistryOptions extends Omit<ServiceOptions, 'clock' | 'timeoutMs'> {
  /** Milliseconds that one try may take. Default: 10,000. */
  readonly timeoutMs?: number | undefined
  /** Default: {@link systemClock}. */
  readonly clock?: Clock | undefined
  /** Secret of at least 32 bytes, from which the keys of tenants are made. Records of writes are found by these keys. */
  readonly tenantSecret: Uint8Array
  /** Creates the budgets of the services. They are disposed with the registry. */
  readonly createBudget: CreateRequestBudget
  /** Store for the records of adds and replacements. It must stay open until the registry is disposed. */
  readonly writeRecords: WriteRecords
}

/**
 * Maximum number of tenants. They are kept so that equal requests can share calls. An evicted tenant only loses that
 * sharing and its memory of recent writes.
 */
const MAX_TENANTS = 10_000
/** Maximum characters of the tokens of all these tenants, each of which counts as 1,024 at least. A header may have 16,000. */
const MAX_TOKEN_LENGTHS = 16 * 1024 * 1024
const USUAL_TOKEN_LENGTH = 1_024
const DEFAULT_TIMEOUT_MS = 10_000

/**
 * Opens a connection pool to each service. Nothing is sent yet, unless an earlier process left writes of a configured token
 * unfinished.
 *
 * @param defaultName must be the name of one of `settings`
 */
export function createServiceRegistry(
  settings: readonly ServiceSettings[],
  defaultName: string,
  options: RegistryOptions,
): ServiceRegistry {
  const { clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS, room = new PinRoom() } = options
  const limits = createSharedLimits(settings, clock, options.createBudget)
  const services = settings.map(
    (each) => new Service(each, { ...options, clock, timeoutMs, room }, limitsOf(each.name)),
  )
  const byName = new Map(services.map((service) => [service.name, service]))
  const tokens = new Map(settings.map(({ name, token }) => [name, token]))
  /** Tenants by service and token. The tenants hold their tokens anyway. */
  const tenants = new LRUCache<string, Tenant>({
    max: MAX_TENANTS,
    maxSize: MAX_TOKEN_LENGTHS,
    sizeCalculation: (_tenant, held) => Math.max(held.length, USUAL_TOKEN_LENGTH),
  })
  const keyOf = createTenantKeys(options.tenantSecret)
  const journal = new WriteJournal(options.writeRecords)

  function limitsOf(name: string): SharedLimits {
    const own = limits.get(name)
    if (!own) throw new Error('a service has no limits')
    return own
  }

  function get(name: string): Service {
    const service = byName.get(name)
    if (!service) throw new UnknownServiceError(name, [...byName.keys()])
    return service
  }

  function connect(service: Service, token: string): Tenant {
    const tenant = new Tenant(service, keyOf(service.name, token), token, journal)
    tenant.lookForUnfinishedWrites()
    return tenant
  }

  function tenant(name: string, callersToken: string | null, network = ''): Tenant {
    const found = findTenant(name, callersToken)
    found.cameFrom(network)
    return found
  }

  function findTenant(name: string, callersToken: string | null): Tenant {
    const service = get(name)
    const token = callersToken ?? tokens.get(name)
    if (!token) throw new UnauthorizedError(missingToken(name, defaultName), { service: name })
    // The tenant's key is not used here, since it is a hash. Computing it would take a tenth of the time of a lookup.
    const held = `${name} ${token}`
    const known = tenants.get(held)
    if (known) return known
    const connected = connect(service, token)
    tenants.set(held, connected)
    return connected
  }

  // Writes that an earlier process left unfinished need not wait for a caller, where the gateway has the token itself.
  for (const { name, token } of settings) {
    // The operator vouches for it.
    if (token) get(name).standings.accept(tenant(name, null).key)
  }

  return {
    services,
    clock,
    defaultName,
    get,
    tenant,
    async [Symbol.asyncDispose]() {
      // All at once: writes in flight end only when the connections are closed, and the journal then records their state.
      await Promise.all([journal, ...services].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

function missingToken(name: string, defaultName: string): string {
  const own = `"X-Pinning-Token-${name}"`
  return `No token for ${name}: expected one in the header ${name === defaultName ? `"Authorization: Bearer …" or ${own}` : own}`
}
