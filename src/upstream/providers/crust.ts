import { USUAL_CAPABILITIES } from './capabilities.ts'
import type { Provider } from './provider.ts'

/** Crust's W3Auth pinning service. It never answers some failed requests, and does not understand `meta` as a filter. */
export const crust: Provider = {
  name: 'crust',
  endpoint: 'https://pin.crustcode.com/psa',
  limits: null,
  capabilities: {
    ...USUAL_CAPABILITIES,
    maxCids: 9,
    createdDigits: 0,
    timeFilter: 'loose',
    cidForm: 'text',
    nameFilter: { exact: 'exact', iexact: 'exact', partial: 'exact', ipartial: 'unusable' },
    metaFilter: 'loose',
    namesPinsByCid: true,
  },
}
