import type { GatewayConfig } from '../config/gateway-config.ts'
import { isOnlyLocal } from './loopback.ts'

/** The parts of the schema, and of the pages about it, that clients are shown. */
export interface ShownToClients {
  readonly graphiql: boolean
  readonly introspection: boolean
  /** True when errors may suggest names of the schema. */
  readonly suggestions: boolean
}

/** Returns what clients are shown: as the settings say, and else everything while only this machine reaches the gateway. */
export function shownToClients(config: GatewayConfig): ShownToClients {
  const isLocal = isOnlyLocal(config)
  const { graphiql = isLocal, introspection = isLocal, suggestions = isLocal } = config
  return { graphiql, introspection, suggestions }
}
