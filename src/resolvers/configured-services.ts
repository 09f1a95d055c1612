import type { WatchedService } from '../live/informers.ts'
import type { ServiceHealth } from '../upstream/breaker/service-health.ts'
import type { LimitUsage } from '../upstream/budget/request-budget.ts'
import type { Lesson } from '../upstream/learning/learned-capabilities.ts'
import type { Capabilities } from '../upstream/providers/capabilities.ts'
import type { CallerTenant } from './caller-tenant.ts'

/** The configured services by name, with the tenants of all callers. */
export interface ConfiguredServices {
  /** All services, in the order of the configuration. */
  readonly services: readonly ConfiguredService[]
  /** Name of the service that is used when a request names none. */
  readonly defaultName: string
  /** @throws {UnknownServiceError} when no service has that name */
  get(name: string): ConfiguredService
  /**
   * Returns the tenant for one token at one service.
   *
   * @param token the caller's token; null for the configured one
   * @param network opaque key of the network that the caller comes from, by which tokens that no service has accepted yet take turns.
   *   Default: nobody knows it.
   * @throws {UnknownServiceError} when no service has that name
   * @throws {UnauthorizedError} when neither the caller nor the configuration has a token
   */
  tenant(name: string, token: string | null, network?: string): CallerTenant
}

/** One configured service, as far as the fields of GraphQL show it and live status follows it. */
export interface ConfiguredService extends WatchedService {
  /** Configured name. */
  readonly name: string
  /** Base URL of its Pinning Service API, without user name, password and query. */
  readonly endpoint: string
  /** Key of the known provider that runs it. Null when none is known. */
  readonly provider: string | null
  /** True when the configuration has a token for it. */
  readonly hasToken: boolean
  /** Its capabilities as known now, and the lessons from its answers, oldest first. */
  readonly known: { readonly current: Capabilities; readonly lessons: readonly Lesson[] }
  /** Returns its state as a tenant may see it. Words about another tenant's failure are left out. */
  health(tenantKey?: string): ServiceHealth
  /** Returns the rest of each limit. A tenant's own limits are shown to that tenant only. */
  limitUsage(tenantKey?: string): LimitUsage[]
}
