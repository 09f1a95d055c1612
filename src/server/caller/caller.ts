import type { IncomingHttpHeaders } from 'node:http'

/** A caller, and the tokens that the caller's operations use at the services. */
export interface Caller {
  /**
   * Names the caller. Limits per caller count all callers with the same key as one, so that a key that is the same for
   * everybody makes all callers share one limit. When requests have to wait, callers with the same token take turns by their
   * keys. pinql keeps the key in memory only, and never logs it.
   */
  readonly key: string
  /**
   * Returns the caller's token for a service: printable text without spaces. Returns null for the token that the
   * configuration has for the service.
   *
   * pinql calls it at most once per service for each caller that `identify` has returned.
   *
   * @param serviceName a configured name
   * @throws {UnauthorizedError} when the caller may not use the service. The client gets `UNAUTHORIZED`.
   * @throws {UnknownServiceError} when the caller has a token for a service that is not configured, and none for this one
   */
  tokenFor(serviceName: string): string | null
}

/** The parts of a request that may name the caller. */
export interface CallerRequest {
  /** Headers of the HTTP request, or of the request that opened the WebSocket. Names are in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Payload of `connection_init`. Absent for an HTTP request; empty when the client of a WebSocket sent none. */
  readonly connectionParams?: Readonly<Record<string, unknown>>
}

/** A caller whom `identify` has found. */
export interface IdentifiedCaller extends Caller {
  /** Equal for callers who may share the events of a subscription: those with the same key and the same tokens. */
  readonly sharingKey: string
}

/**
 * Finds out who calls, by whatever transport.
 *
 * @throws {UnauthenticatedError} when the gateway does not serve the client
 * @throws {MalformedTokensError} when a token in `connectionParams` cannot be read
 */
export type Identify = (request: CallerRequest) => Promise<IdentifiedCaller>
