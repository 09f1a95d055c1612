import type { Endpoint } from '../budget/rate-limit.ts'
import type { RequestClass } from '../budget/request-class.ts'
import type { CallOptions, PinClient } from '../http/client.ts'
import type { StopSignal } from '../waiting/stop.ts'

/** A call to be made. */
export interface ServiceCall<Value> {
  /** Key of the tenant whose turn and allowance the call uses. */
  readonly tenantKey: string
  readonly token: string
  readonly endpoint: Endpoint
  readonly class: RequestClass
  readonly signal?: StopSignal | undefined
  /** True if the request may be retried after a failure that may have reached the service. */
  readonly isRepeatable: boolean
  /** Returns whether a failure is not retried, since the code that makes the call then makes another one. Default: none is. */
  readonly isFinal?: ((error: unknown) => boolean) | undefined
  /** Clock time at which the wait for the call began. The deadline counts from it. Default: now. */
  readonly askedAt?: number | undefined
  /** Clock time at which the first operation that waits for the call ends. Default: as the signal says. */
  readonly endsAt?: number | undefined
  /**
   * Sends the request. Called once per try, when the budget has granted it. So `send` can decide as late as then what to
   * send.
   */
  send(client: PinClient, options: CallOptions): Promise<Value>
}
