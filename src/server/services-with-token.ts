import type { GatewayConfig } from '../config/gateway-config.ts'

/** Returns the names of the services for which the gateway holds a token: callers without a token of their own use it. */
export function servicesWithToken({ services }: Pick<GatewayConfig, 'services'>): string[] {
  return services.filter(({ token, provider }) => token !== null || provider === 'embedded').map(({ name }) => name)
}
