import type { GatewayConfig } from '../../config/gateway-config.ts'
import { hostOfAddress } from '../../config/peer-address.ts'
import { type DialRange, defaultDialRanges } from '../../embedded/fetch/dial-policy.ts'
import { isOnlyLocal } from '../loopback.ts'

/**
 * Returns the addresses that the embedded service may dial. Clients of the gateway name the origins to dial, so the default
 * depends on who can reach the gateway, and the peer of the service. The HTTP side of the service listens on loopback only.
 */
export function embeddedDialRanges({
  services,
  listen = [],
  ...reach
}: Pick<GatewayConfig, 'host' | 'allowedHosts' | 'trustProxy' | 'services' | 'listen'>): readonly DialRange[] {
  const { dial } = services.find(({ provider }) => provider === 'embedded') ?? {}
  if (dial) return dial
  // A proxy in front of the gateway makes it reachable, whatever address it listens on.
  return isOnlyLocal(reach) ? defaultDialRanges([reach.host, ...listen.map(hostOfAddress)]) : ['public']
}
