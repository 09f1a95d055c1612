import { USUAL_CAPABILITIES } from './capabilities.ts'
import type { Provider } from './provider.ts'

/**
 * pinql's own pinning service, run on its own. It follows the specification exactly, and limits no requests. The limit here
 * is the gateway's own.
 */
export const pinql: Provider = {
  name: 'pinql',
  endpoint: null,
  limits: [{ limit: 2000, windowMs: 1000, scope: 'address', endpoint: 'all' }],
  capabilities: { ...USUAL_CAPABILITIES, createdDigits: 3, keepsMeta: true, cappedCounts: [2_000, 20_000] },
}
