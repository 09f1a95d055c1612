import { USUAL_CAPABILITIES } from './capabilities.ts'
import type { Provider } from './provider.ts'

/** `@helia/pinning-service-api-server`. Its lists ignore `cid` and `meta`. */
export const heliaServer: Provider = {
  name: 'helia',
  endpoint: null,
  limits: null,
  capabilities: { ...USUAL_CAPABILITIES, createdDigits: 3, cidFilter: 'loose', metaFilter: 'loose', keepsMeta: true },
}
