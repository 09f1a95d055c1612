import type { GatewayConfig } from '../../config/gateway-config.ts'
import { type DialRange, defaultDialRanges } from '../../embedded/fetch/dial-policy.ts'
import { isLoopbackHost } from '../loopback.ts'

/**
 * Returns the addresses that the embedded service may dial. Clients of the gateway name the origins to dial, so the default
 * depends on who can reach the gateway. The service itself listens on loopback only.
 */
export function embeddedDialRanges({
  host,
  allowedHosts,
  services,
}: Pick<GatewayConfig, 'host' | 'allowedHosts' | 'services'>): readonly DialRange[] {
  const { dial } = services.find(({ provider }) => provider === 'embedded') ?? {}
  // A proxy in front of the gateway has a host name that is in `allowedHosts`.
  return dial ?? defaultDialRanges([host, ...allowedHosts.filter((name) => !isLoopbackHost(name))])
}
