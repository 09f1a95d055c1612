import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { bearerToken } from '../../domain/bearer-token.ts'
import { UnauthorizedError, UnknownServiceError } from '../../domain/errors.ts'
import type { IdentifiedCaller, Identify } from './caller.ts'
import { isOfOthers, isTokenHeader, plainToken, SERVICE_TOKEN_PREFIX } from './token-headers.ts'

/** Maximum characters of all tokens: Node's limit for the headers of a request. */
const MAX_LENGTH = 16_384

/** Thrown for a `connection_init` with a malformed token. */
export class MalformedTokensError extends TypeError {}

/**
 * Creates an `Identify` that knows callers by the services' tokens in a request. Used when the host gives none.
 *
 * The tokens are in headers: of the request, or in `connectionParams`, which have them by name in any case, or `token` in place
 * of `Authorization: Bearer`. Headers of the upgrade request count only when `connectionParams` have no token.
 *
 * The `Identify` rejects with `MalformedTokensError` when a token in `connectionParams` is malformed, such as `Authorization`
 * without `Bearer`, or when all tokens there are too long together. A malformed token in a header of the request is refused when
 * an operation uses it.
 */
export function createIdentifyByTokens(services: ServiceNames): Identify {
  const secret = randomBytes(32)
  return async ({ headers, connectionParams }) => {
    if (!connectionParams) return new TokenCaller(headers, services, secret)
    // A WebSocket keeps its caller until it closes, so the caller keeps only the headers that are needed.
    return new TokenCaller(tokenHeadersOf(connectionParams) ?? onlyTokens(headers), services, secret)
  }
}

/** Names of the configured services, for which a request may have tokens. */
export interface ServiceNames {
  readonly names: readonly string[]
  readonly defaultName: string
}

/** Headers by name in lower case. Those without tokens are ignored. */
type TokenHeaders = Readonly<NodeJS.Dict<string | readonly string[]>>

/**
 * A caller who is known by the services' tokens in a request. The tokens are the same for all operations of a connection.
 *
 * A service's token is in `X-Pinning-Token-{service}`. The default service's token may also be in `Authorization: Bearer`.
 * A token that is malformed, or is for an unknown service, is never ignored: the gateway would use its own token instead, and
 * the caller would have rights of somebody else without a sign of it.
 */
class TokenCaller implements IdentifiedCaller {
  readonly #headers: TokenHeaders
  readonly #services: ServiceNames
  readonly #secret: Uint8Array
  #key: string | undefined

  /** @param secret random key of this process, so that keys mean nothing outside of it */
  constructor(headers: TokenHeaders, services: ServiceNames, secret: Uint8Array) {
    this.#headers = headers
    this.#services = services
    this.#secret = secret
  }

  /** Equal for equal tokens. Nobody can find the tokens from it. */
  get key(): string {
    if (this.#key === undefined) {
      const tokens = this.#tokenHeaders().map((name) => [name, String(this.#headers[name])])
      const text = JSON.stringify(tokens.sort())
      this.#key = createHmac('sha256', this.#secret).update(text).digest('base64url')
    }
    return this.#key
  }

  /** The same as the key, which contains all tokens. */
  get sharingKey(): string {
    return this.key
  }

  tokenFor(serviceName: string): string | null {
    const own = this.#read(
      serviceName,
      `${SERVICE_TOKEN_PREFIX}${serviceName}`,
      'printable text without spaces',
      plainToken,
    )
    if (own !== null) return own
    const isDefault = serviceName === this.#services.defaultName
    const token = isDefault ? this.#read(serviceName, 'authorization', '"Bearer" and one token', bearerToken) : null
    if (token === null) this.#refuseUnknown()
    return token
  }

  #read(serviceName: string, header: string, expected: string, parse: (text: string) => string | null): string | null {
    const text = String(this.#headers[header.toLowerCase()] ?? '')
    if (text.trim() === '' || (header === 'authorization' && isOfOthers(text))) return null
    const token = parse(text)
    if (token !== null) return token
    // The message does not show the text, which has a token in it.
    const message = `The token for ${serviceName} cannot be read: expected ${expected} in the header ${header}`
    throw new UnauthorizedError(message, { service: serviceName })
  }

  #tokenHeaders(): string[] {
    return Object.keys(this.#headers).filter(isTokenHeader)
  }

  #refuseUnknown(): void {
    const { names } = this.#services
    for (const header of this.#tokenHeaders()) {
      const name = header.startsWith(SERVICE_TOKEN_PREFIX) ? header.slice(SERVICE_TOKEN_PREFIX.length) : null
      if (name !== null && !names.includes(name)) throw new UnknownServiceError(name, names)
    }
  }
}

/**
 * Returns the tokens of a `connection_init` as headers. Null when it has none.
 *
 * @throws {MalformedTokensError} when a token is malformed, or when all tokens together are too long
 */
function tokenHeadersOf(connectionParams: Readonly<Record<string, unknown>>): TokenHeaders | null {
  const { token, ...others } = connectionParams
  const headers = token === undefined ? others : { ...others, authorization: bearer(token) }
  const given = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => isTokenHeader(name) && (value ?? '') !== '')
  if (given.length === 0) return null
  if (!given.every(isToken)) throw new MalformedTokensError('Expected each token to be readable')
  if (JSON.stringify(given).length > MAX_LENGTH)
    throw new MalformedTokensError(`Expected at most ${MAX_LENGTH} characters`)
  return Object.fromEntries(given)
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
