import type { GatewayConfig } from '../config/gateway-config.ts'
import { isLoopbackHost } from './loopback.ts'

/** What an operator should know before others find out. */
export function startupWarnings(config: GatewayConfig): string[] {
  const warnings: string[] = []
  const holdsToken = config.services.filter(({ token, provider }) => token !== null || provider === 'embedded')
  if (!isLoopbackHost(config.host) && holdsToken.length > 0) {
    const names = holdsToken.map(({ name }) => name).join(', ')
    warnings.push(`Whoever reaches ${config.host} can use ${names} without a token: the gateway holds one for them`)
  }
  for (const { name, endpoint, kubo } of config.services) {
    if (endpoint && isOpen(endpoint))
      warnings.push(`Tokens for ${name} are sent unencrypted: its endpoint is http, not https`)
    if (kubo && isOpen(kubo.endpoint)) {
      warnings.push(`Kubo's RPC API is used unencrypted for ${name}: whoever reaches it owns the daemon`)
    }
  }
  if (config.corsOrigins.includes('*')) warnings.push('Any web page may call this gateway: corsOrigins contains *')
  return warnings
}

function isOpen(endpoint: string): boolean {
  return endpoint.startsWith('http:') && !isLoopbackHost(new URL(endpoint).hostname)
}
