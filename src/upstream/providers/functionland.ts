import { USUAL_CAPABILITIES } from './capabilities.ts'
import type { Provider } from './provider.ts'

/**
 * Functionland Fula. It applies the status filter after the limit, so that a page can be empty without being the last. It
 * answers 404 instead of an empty list. A replacement removes the old pin before it adds the new one.
 *
 * @see https://github.com/functionland/pinning-service
 */
export const functionland: Provider = {
  name: 'functionland',
  endpoint: 'https://api.cloud.fx.land',
  limits: null,
  capabilities: {
    ...USUAL_CAPABILITIES,
    createdDigits: 9,
    timeFilter: 'loose',
    cidForm: 'text',
    statusFilter: 'unusable',
    metaFilter: 'loose',
    emptyListIs404: true,
    replace: 'add-then-remove',
  },
}
