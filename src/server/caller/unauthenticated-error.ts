/**
 * Thrown by a host's `identify` to refuse a client.
 *
 * An HTTP request is answered with status 401, the code `UNAUTHENTICATED` and this error's message. A WebSocket is closed
 * with 4403, after which the stock clients connect again with new `connectionParams`.
 */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError'
  readonly code = 'UNAUTHENTICATED'
}
