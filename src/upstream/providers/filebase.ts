import { USUAL_CAPABILITIES } from './capabilities.ts'
import type { Provider } from './provider.ts'

/**
 * Filebase. A token gives access to one bucket. Accounts without a paid plan get 403 on every call.
 *
 * @see https://filebase.com/docs/ipfs/pinning-service-api
 */
export const filebase: Provider = {
  name: 'filebase',
  endpoint: 'https://api.filebase.io/v1/ipfs',
  limits: [{ limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }],
  capabilities: { ...USUAL_CAPABILITIES, createdDigits: 0, namesPinsByCid: true },
}
