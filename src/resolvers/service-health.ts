import type { ServiceHealth } from '../upstream/breaker/service-health.ts'
import type { GatewayContext } from './context.ts'

/** Returns a service's health as the caller may see it: words about another token's failure are left out. */
export function serviceHealth(serviceName: string, context: GatewayContext): ServiceHealth {
  return context.registry.get(serviceName).health(context.tenantKey(serviceName))
}
