import { findProvider, UNKNOWN_PROVIDER } from '../../../src/upstream/providers/known-providers.ts'
import { allProviders } from '../providers/all-providers.ts'
import type { ProviderProfile } from '../providers/provider-profile.ts'

/** A member of the zoo, and what the configuration says of it. */
export interface ZooCase {
  readonly profile: ProviderProfile
  /** Null: a stranger, who is to be learned. */
  readonly provider: string | null
  readonly as: string
}

const OTHER_NAMES: Readonly<Record<string, string>> = {
  compliant: 'pinql',
  'helia-server': 'helia',
  'pinata-oldest-first': 'pinata',
}

/** Every member as the provider that it imitates, where pinql knows that one, and as a stranger. */
export const ZOO_CASES: readonly ZooCase[] = allProviders.flatMap((profile) => {
  const provider = providerOf(profile)
  const stranger: ZooCase = { profile, provider: null, as: 'a stranger' }
  return provider === null ? [stranger] : [{ profile, provider, as: provider }, stranger]
})

function providerOf({ name }: ProviderProfile): string | null {
  const provider = findProvider(OTHER_NAMES[name] ?? name)
  return provider === UNKNOWN_PROVIDER ? null : provider.name
}
