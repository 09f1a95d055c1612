import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { CallerRequest } from './caller.ts'
import { type ServiceNames, TokenCaller } from './token-caller.ts'
import { bearerToken, isTokenHeader, plainToken } from './tokens.ts'

/** Maximum characters of all tokens: Node's limit for the headers of a request. */
const MAX_LENGTH = 16_384

/** Thrown for a `connection_init` with a malformed token. */
export class MalformedTokensError extends TypeError {}

/** Finds out who calls by the services' tokens in a request. Used when the host gives no `identify`. */
export class CallersByTokens {
  readonly #services: ServiceNames
  readonly #secret = randomBytes(32)

  constructor(services: ServiceNames) {
    this.#services = services
  }

  /** Returns the caller that `connectionParams` names. Without tokens in these, the headers name the caller. */
  async identify({ headers, connectionParams }: CallerRequest): Promise<TokenCaller> {
    if (!connectionParams) return this.fromHeaders(headers)
    // A WebSocket keeps its caller until it closes, so the caller keeps only the headers that are needed.
    return this.fromConnectionParams(connectionParams) ?? this.fromHeaders(onlyTokens(headers))
  }

  /** Returns the caller of an HTTP request. A malformed token is refused when an operation uses it. */
  fromHeaders(headers: IncomingHttpHeaders): TokenCaller {
    return new TokenCaller(headers, this.#services, this.#secret)
  }

  /**
   * Returns the caller that a `connection_init` names: headers by name in any case, or `token` in place of
   * `Authorization: Bearer`.
   *
   * @returns null when it has no token
   * @throws {MalformedTokensError} when a token is malformed, such as `Authorization` without `Bearer`, or when all tokens
   *   together are too long
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
