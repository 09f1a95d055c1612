import type { GatewayConfig } from '../config/gateway-config.ts'
import { isLoopbackHost } from '../domain/loopback-host.ts'
import { servicesWithToken } from './services-with-token.ts'

/**
 * Least `liveStallMs` in ping intervals. After a client has fallen silent, up to one interval passes until the next ping, and one
 * more until the gateway looks for the answer. The rest is a margin.
 */
const STALL_IN_PINGS = 2.5
/** Some clients and proxies close a connection on which they receive nothing for this time. */
const LONGEST_SILENCE_MS = 25_000

/** Returns warnings about clients that can reach the gateway at `host`, when no host application says who calls. */
export function hostWarnings(config: GatewayConfig): string[] {
  const names = servicesWithToken(config)
  if (isLoopbackHost(config.host) || names.length === 0) return []
  return [`Whoever reaches ${config.host} can use ${names.join(', ')} without a token: the gateway holds one for them`]
}

/** Returns warnings about settings that are unsafe or contradict each other, whatever server the gateway has. */
export function configWarnings(config: GatewayConfig): string[] {
  const warnings: string[] = []
  for (const { name, endpoint, kubo } of config.services) {
    if (endpoint && isOpen(endpoint))
      warnings.push(`Tokens for ${name} are sent unencrypted: its endpoint is http, not https`)
    if (kubo && isOpen(kubo.endpoint)) {
      warnings.push(`Kubo's RPC API is used unencrypted for ${name}: whoever reaches it owns the daemon`)
    }
  }
  if (config.corsOrigins.includes('*')) warnings.push('Any web page may call this gateway: corsOrigins contains *')
  const { livePingMs, liveStallMs } = config
  if (liveStallMs < STALL_IN_PINGS * livePingMs) {
    warnings.push(
      `Healthy WebSockets may be closed as stalled: liveStallMs is ${liveStallMs}, expected ${STALL_IN_PINGS} times livePingMs ` +
        `(${livePingMs}) at least`,
    )
  }
  if (livePingMs >= LONGEST_SILENCE_MS) {
    warnings.push(
      `Clients and proxies may close quiet connections: livePingMs is ${livePingMs}, expected less than ${LONGEST_SILENCE_MS}`,
    )
  }
  return warnings
}

function isOpen(endpoint: string): boolean {
  return endpoint.startsWith('http:') && !isLoopbackHost(new URL(endpoint).hostname)
}
