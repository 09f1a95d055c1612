import { UnknownServiceError } from '../../../src/domain/errors.ts'
import type { CallerTenant } from '../../../src/resolvers/caller-tenant.ts'
import type { ConfiguredServices } from '../../../src/resolvers/configured-services.ts'
import { createContext, type GatewayContext } from '../../../src/resolvers/context.ts'
import { Stop } from '../../../src/upstream/waiting/stop.ts'
import { createInformers } from '../live-informers.ts'
import { THROW_BUGS } from '../throw-bugs.ts'

/** Creates the context of a GraphQL request whose only service is a tenant's. */
export function contextOf(tenant: CallerTenant): GatewayContext {
  const registry: ConfiguredServices = {
    services: [],
    defaultName: tenant.service,
    get(name) {
      throw new UnknownServiceError(name, [])
    },
    tenant: () => tenant,
  }
  const request = { caller: { tokenFor: () => null }, signal: new Stop(), requestId: 'test', log: THROW_BUGS }
  return createContext(registry, createInformers(), request)
}
