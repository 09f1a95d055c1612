import type { RequestClass } from '../budget/request-class.ts'
import type { StopSignal } from '../stop.ts'

/** Options of a lookup, whose class is `interactive`, and of a change. */
export interface LookupOptions {
  /** Aborts the call; it then rejects with `signal.reason`. */
  readonly signal?: StopSignal | undefined
}

/** Options of every other call of a tenant. */
export interface TenantCallOptions extends LookupOptions {
  /** Why the call is made, which decides its turn. Default: `interactive`, and `mutation` for changes. */
  readonly class?: RequestClass | undefined
}
