import { USUAL } from './capabilities.ts'
import type { Provider } from './provider.ts'

/**
 * Functionland Fula. The status filter is applied after the limit, so that a page can be empty and not the last; an
 * empty list is 404; replacing removes before it adds.
 *
 * @see https://github.com/functionland/pinning-service
 */
export const functionland: Provider = {
  name: 'functionland',
  endpoint: 'https://api.cloud.fx.land',
  limits: null,
  capabilities: {
    ...USUAL,
    createdDigits: 9,
    timeFilter: 'loose',
    cidForm: 'text',
    statusFilter: 'unusable',
    metaFilter: 'loose',
    emptyListIs404: true,
    replace: 'add-then-remove',
  },
}
