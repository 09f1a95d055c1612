import type { RateLimit } from '../budget/rate-limit.ts'
import type { Capabilities } from '../providers/capabilities.ts'

/** A service's settings, as configured. */
export interface ServiceSettings {
  readonly name: string
  /** Base URL of the Pinning Service API. */
  readonly endpoint: string
  /** Token for callers without a token of their own. Null: callers must bring one. */
  readonly token: string | null
  /**
   * Name of the known provider that runs the service. Null: unknown. pinql then assumes what the specification says, and
   * learns from the answers.
   */
  readonly provider: string | null
  /** Rate limits that override the provider's. */
  readonly limits?: readonly RateLimit[] | undefined
  /** Name of another service whose requests are counted together with those of this one. */
  readonly sharesLimitsWith?: string | undefined
  /** Capabilities that override the provider's. */
  readonly capabilities?: Partial<Capabilities> | undefined
}
