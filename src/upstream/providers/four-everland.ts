import { USUAL_CAPABILITIES } from './capabilities.ts'
import type { Provider } from './provider.ts'

/** 4EVERLAND. It accepts `meta` and drops it. Of the name matches, only `exact` is reliable. */
export const fourEverland: Provider = {
  name: '4everland',
  endpoint: 'https://api.4everland.dev',
  limits: null,
  capabilities: {
    ...USUAL_CAPABILITIES,
    createdDigits: 3,
    nameFilter: { exact: 'exact', iexact: 'loose', partial: 'unusable', ipartial: 'loose' },
    metaFilter: 'unusable',
    keepsMeta: false,
    namesPinsByCid: true,
  },
}
