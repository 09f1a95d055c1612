import type { RequestClass } from '../budget/request-class.ts'
import type { StopSignal } from '../waiting/stop.ts'

/** Options of a lookup, whose class is always `interactive`, and of an add or replacement, whose class is always `mutation`. */
export interface SignalOptions {
  /** Aborts the call, which then rejects with `signal.reason`. */
  readonly signal?: StopSignal | undefined
}

/** Options of all other calls of a tenant. */
export interface TenantCallOptions extends SignalOptions {
  /** Priority class of the call. Default: `interactive`, and `mutation` for changes. */
  readonly class?: RequestClass | undefined
}
