import type { GatewayConfig } from '../config/gateway-config.ts'
import { isLoopbackHost } from './loopback.ts'

/** A ping may come as late as an interval after the other side fell silent, and what it shows an interval later. */
const STALL_IN_PINGS = 2.5
/** Some clients and proxies close a connection on which they receive nothing for so long. */
const LONGEST_SILENCE_MS = 25_000

/** Warns of what listening on `host` lets others do. */
export function hostWarnings(config: GatewayConfig): string[] {
  const holdsToken = config.services.filter(({ token, provider }) => token !== null || provider === 'embedded')
  if (isLoopbackHost(config.host) || holdsToken.length === 0) return []
  const names = holdsToken.map(({ name }) => name).join(', ')
  return [`Whoever reaches ${config.host} can use ${names} without a token: the gateway holds one for them`]
}

/** Warns of settings that an operator should know about before others find out, under whatever server. */
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
