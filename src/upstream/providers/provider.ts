import type { RateLimit } from '../budget/rate-limit.ts'
import type { Capabilities } from './capabilities.ts'

/** Facts about a provider that are known before the first request. Each provider has one file in this folder. */
export interface Provider {
  /** Name in the configuration. */
  readonly name: string
  /** Base URL of its Pinning Service API; null for software that everybody runs on a server of their own. */
  readonly endpoint: string | null
  /** Published rate limits; null if none are known. */
  readonly limits: readonly RateLimit[] | null
  /** Differences from the specification. */
  readonly capabilities: Partial<Capabilities>
}
