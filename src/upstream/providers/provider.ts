import type { RateLimit } from '../budget/rate-limit.ts'
import type { Capabilities } from './capabilities.ts'

/** What is known of a provider before the first request: one file each in this folder. */
export interface Provider {
  /** As written in the configuration. */
  readonly name: string
  /** Base URL of its Pinning Service API; null where everybody runs their own. */
  readonly endpoint: string | null
  /** Its published limits; null where none are known. */
  readonly limits: readonly RateLimit[] | null
  /** Where it differs from the specification. */
  readonly capabilities: Partial<Capabilities>
}
