import { USUAL } from './capabilities.ts'
import type { Provider } from './provider.ts'

/**
 * Pinata. Lists have an allowance of their own, far below that of the other calls; what the others may use depends on
 * the plan, of which the smallest that may pin by CID is taken here.
 *
 * Its rate headers count per back-end node and speak of lists only.
 *
 * @see https://docs.pinata.cloud/account-management/limits
 */
export const pinata: Provider = {
  name: 'pinata',
  endpoint: 'https://api.pinata.cloud/psa',
  limits: [
    { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' },
    { limit: 250, windowMs: 60_000, scope: 'token', endpoint: 'item' },
    { limit: 250, windowMs: 60_000, scope: 'token', endpoint: 'write' },
  ],
  capabilities: { ...USUAL, createdDigits: 3, keepsMeta: true, count: 'total' },
}
