import { crust } from './crust.ts'
import { embedded } from './embedded.ts'
import { filebase } from './filebase.ts'
import { filecoinPin } from './filecoin-pin.ts'
import { fourEverland } from './four-everland.ts'
import { functionland } from './functionland.ts'
import { heliaServer } from './helia-server.ts'
import { ipfsCluster } from './ipfs-cluster.ts'
import { pinata } from './pinata.ts'
import { pinql } from './pinql.ts'
import type { Provider } from './provider.ts'

/** All providers that pinql knows, for `provider:` in the configuration. */
export const KNOWN_PROVIDERS: readonly Provider[] = [
  embedded,
  pinql,
  filebase,
  pinata,
  fourEverland,
  functionland,
  ipfsCluster,
  heliaServer,
  filecoinPin,
  crust,
]

/**
 * The provider of a service about which nothing is known. pinql assumes what the specification says, and learns from the
 * answers.
 */
export const UNKNOWN_PROVIDER: Provider = { name: 'unknown', endpoint: null, limits: null, capabilities: {} }

/** Returns the provider with that name; {@link UNKNOWN_PROVIDER} if there is none. */
export function findProvider(name: string | null): Provider {
  return KNOWN_PROVIDERS.find((provider) => provider.name === name) ?? UNKNOWN_PROVIDER
}
