import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { CallerRequest } from './caller.ts'
import { type ServiceNames, TokenCaller } from './token-caller.ts'
import { bearerToken, isTokenHeader, plainToken } from './tokens.ts'

/** As much as all headers of a request may have. */
const MAX_LENGTH = 16_384

/** A `connection_init` has a token that cannot be read. */
export class MalformedTokensError extends TypeError {}

/** Finds out who calls by the services' tokens that a client brings. Used where the host does not say who calls. */
export class Callers {
  readonly #services: ServiceNames
  readonly #secret = randomBytes(32)

  constructor(services: ServiceNames) {
    this.#services = services
  }

  /** Returns the caller that `connectionParams` names. Without tokens in these, the headers name the caller. */
  async identify({ headers, connectionParams }: CallerRequest): Promise<TokenCaller> {
    if (!connectionParams) return this.fromHeaders(headers)
    // A WebSocket keeps its caller for long, and so only the headers that are needed.
    return this.fromConnectionParams(connectionParams) ?? this.fromHeaders(onlyTokens(headers))
  }

  /** The caller of an HTTP request. A malformed token is refused later, by whoever needs it. */
  fromHeaders(headers: IncomingHttpHeaders): TokenCaller {
    return new TokenCaller(headers, this.#services, this.#secret)
  }

  /**
   * The caller that a `connection_init` names: headers by name in any case, or `token` in place of `Authorization: Bearer`.
   *
   * @returns null when it has no token
   * @throws {MalformedTokensError} when a token is malformed, as `Authorization` without `Bearer`, or all are very long
   */
  fromConnectionParams(params: Readonly<Record<string, unknown>>): TokenCaller | null {
    const { token, ...others } = params
    const headers = token === undefined ? others : { ...others, authorization: bearer(token) }
    const given = Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name, value]) => isTokenHeader(name) && (value ?? '') !== '')
    if (given.length === 0) return null
    if (!given.every(isToken)) throw new MalformedTokensError('Expected each token to be readable')
    if (JSON.stringify(given).length > MAX_LENGTH)
      throw new MalformedTokensError(`Expected at most ${MAX_LENGTH} characters`)
    return new TokenCaller(Object.fromEntries(given), this.#services, this.#secret)
  }
}

function onlyTokens(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isTokenHeader(name)))
}

function isToken(header: readonly [name: string, value: unknown]): header is [name: string, token: string] {
  const [name, value] = header
  if (typeof value !== 'string') return false
  return (name === 'authorization' ? bearerToken : plainToken)(value) !== null
}

function bearer(token: unknown): unknown {
  return typeof token !== 'string' || token === '' || /^bearer /i.test(token) ? token : `Bearer ${token}`
}
