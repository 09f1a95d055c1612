import type { GatewayConfig } from '../../config/gateway-config.ts'
import { type DialRange, defaultDialRanges } from '../../embedded/fetch/dial-policy.ts'
import { isLoopbackHost } from '../loopback.ts'

/**
 * What the embedded service may dial: what is configured, else as much as befits who reaches the gateway, since whoever
 * does may name origins. The service itself only ever listens on loopback.
 */
export function embeddedDialRanges({
  host,
  allowedHosts,
  services,
}: Pick<GatewayConfig, 'host' | 'allowedHosts' | 'services'>): readonly DialRange[] {
  const { dial } = services.find(({ provider }) => provider === 'embedded') ?? {}
  // A proxy in front has a name of its own that is allowed here.
  return dial ?? defaultDialRanges([host, ...allowedHosts.filter((name) => !isLoopbackHost(name))])
}
