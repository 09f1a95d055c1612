import type { GatewayConfig } from '../../../config/gateway-config.ts'

/** Limits per connection, caller and address. WebSockets and event streams count alike, as connections. */
export interface ConnectionLimits {
  readonly maxConnections: number
  readonly maxConnectionsPerCaller: number
  readonly maxConnectionsPerAddress: number
  readonly maxOperationsPerConnection: number
  readonly maxOperationsPerCaller: number
  readonly maxOperationsPerAddress: number
  /** Operations begun per second on average. Twice as many may begin at once. */
  readonly maxStartsPerConnection: number
  readonly maxStartsPerCaller: number
  readonly maxStartsPerAddress: number
}

/** Returns the limits in the configuration, whose settings are named after sockets and tenants. */
export function connectionLimitsOf(config: GatewayConfig): ConnectionLimits {
  return {
    maxConnections: config.maxSockets,
    maxConnectionsPerCaller: config.maxSocketsPerTenant,
    maxConnectionsPerAddress: config.maxSocketsPerAddress,
    maxOperationsPerConnection: config.maxOperationsPerSocket,
    maxOperationsPerCaller: config.maxOperationsPerTenant,
    maxOperationsPerAddress: config.maxOperationsPerAddress,
    maxStartsPerConnection: config.maxStartsPerSocket,
    maxStartsPerCaller: config.maxStartsPerTenant,
    maxStartsPerAddress: config.maxStartsPerAddress,
  }
}
