import { USUAL } from './capabilities.ts'
import type { Provider } from './provider.ts'

/** 4EVERLAND. `meta` is taken and dropped; of the name matches only `exact` can be relied on. */
export const fourEverland: Provider = {
  name: '4everland',
  endpoint: 'https://api.4everland.dev',
  limits: null,
  capabilities: {
    ...USUAL,
    createdDigits: 3,
    nameFilter: { exact: 'exact', iexact: 'loose', partial: 'unusable', ipartial: 'loose' },
    metaFilter: 'unusable',
    keepsMeta: false,
    namesPinsByCid: true,
  },
}
