import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StopSignal } from '../../upstream/waiting/stop.ts'

/** Facts about an HTTP request that are known before it is read. */
export interface HttpContext {
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
  /** Aborted when the connection has gone away before the answer was sent. */
  readonly gone: StopSignal
  /** The client's address, by which limits count: see `ClientAddresses`. */
  readonly address: string
}

/**
 * Answers a request to /graphql.
 *
 * @param body present when another handler has already read the body of the request
 */
export type GraphqlHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  context: HttpContext,
  body?: Buffer | undefined,
) => unknown
