import { compliant } from './compliant.ts'
import type { ProviderProfile } from './provider-profile.ts'

/**
 * Not a pinning service: the answers of QuickNode's own API, as if they stood behind the Pinning Service API's paths.
 *
 * A client that meets such fields at a service that claims to speak the API should cope.
 */
export const quicknodeShapes: ProviderProfile = {
  ...compliant,
  name: 'quicknode-shapes',
  shape: {
    ...compliant.shape,
    info: (pin) => ({ pinned: pin.status === 'pinned', size: 1024, ...pin.info }),
    decorate: ({ requestid, ...shown }, pin) => ({
      // #20
      requestId: requestid,
      ...shown,
      // #28: values that are no strings.
      pin: { ...shown.pin, meta: { ...pin.meta, replicas: 3, regions: { eu: true } } },
    }),
  },
}
