import type { Capabilities } from '../providers/capabilities.ts'
import type { LimitedService } from '../providers/limits-of.ts'

/** A service's settings, as configured. */
export interface ServiceSettings extends LimitedService {
  /** Token for callers without a token of their own. Null: callers must bring one. */
  readonly token: string | null
  /** Capabilities that override the provider's. */
  readonly capabilities?: Partial<Capabilities> | undefined
}
