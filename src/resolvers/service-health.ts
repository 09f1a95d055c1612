import type { ServiceHealth } from '../upstream/service/circuit-breaker.ts'
import type { PinningService } from '../upstream/service/service.ts'
import type { GatewayContext } from './context.ts'

/** How a service is, as the caller sees it: what it said of another token's failure is nobody's business. */
export function serviceHealth(service: PinningService, context: GatewayContext): ServiceHealth {
  return service.health(context.mayUse(service.name) ? context.tenant(service.name).key : undefined)
}
