import { pinql } from './pinql.ts'
import type { Provider } from './provider.ts'

/** pinql's own pinning service, run by the gateway itself. */
export const embedded: Provider = { ...pinql, name: 'embedded' }
