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
 *
 * The specification allows ten CIDs in one list. But a list of ten pins may have been cut to ten, so that it would have to be
 * checked with one more request. A list of nine CIDs, with one pin each, needs no check.
 */
export const UNKNOWN_PROVIDER: Provider = {
  name: 'unknown',
  endpoint: null,
  limits: null,
  capabilities: { maxCids: 9 },
}

/** Returns the provider with that name; {@link UNKNOWN_PROVIDER} if there is none. */
export function findProvider(name: string | null): Provider {
  return KNOWN_PROVIDERS.find((provider) => provider.name === name) ?? UNKNOWN_PROVIDER
}

/** Returns the known provider that has an endpoint at the host of a service; {@link UNKNOWN_PROVIDER} when there is none. */
export function findProviderAt(endpoint: string): Provider {
  const host = hostOf(endpoint)
  const isThere = (provider: Provider): boolean => provider.endpoint !== null && hostOf(provider.endpoint) === host
  return KNOWN_PROVIDERS.find(isThere) ?? UNKNOWN_PROVIDER
}

/** Returns host and port of a URL. Default ports count as none, and a dot at the end of the name does not count. */
export function hostOf(endpoint: string): string {
  const { hostname, port } = new URL(endpoint)
  const name = hostname.replace(/\.$/, '')
  return port === '' || port === '80' || port === '443' ? name : `${name}:${port}`
}
