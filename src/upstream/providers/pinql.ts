import { USUAL } from './capabilities.ts'
import type { Provider } from './provider.ts'

/** The pinning service that comes with pinql, run alone: the specification to the letter, and without limits. */
export const pinql: Provider = {
  name: 'pinql',
  endpoint: null,
  limits: [{ limit: 2000, windowMs: 1000, scope: 'address', endpoint: 'all' }],
  capabilities: { ...USUAL, createdDigits: 3, keepsMeta: true, cappedCounts: [2_000, 20_000] },
}
