import { USUAL_CAPABILITIES } from './capabilities.ts'
import type { Provider } from './provider.ts'

/**
 * Pinata. Lists have a limit of their own, far below the limit of the other calls. The latter depends on the plan. The
 * value here is that of the smallest plan that may pin by CID.
 *
 * Its rate-limit headers count per back-end node, and describe lists only.
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
  capabilities: { ...USUAL_CAPABILITIES, createdDigits: 3, keepsMeta: true, count: 'total' },
}
