import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { parseBearerToken } from '../../domain/bearer-token.ts'
import { UnauthorizedError, UnknownServiceError } from '../../domain/errors.ts'
import type { IdentifiedCaller, Identify } from './caller.ts'
import { isTokenHeader, looksLikeToken, parsePlainToken, SERVICE_TOKEN_PREFIX } from './token-headers.ts'

/** Maximum characters of all tokens: Node's limit for the headers of a request. */
const MAX_LENGTH = 16_384

/** Characters of a name that are shown. A close frame has room for 123 bytes. */
const MAX_SHOWN = 30
/** Words for what a header or parameter must contain. */
const EXPECTED_BEARER = '"Bearer" and one token'
const EXPECTED_TOKEN = 'printable text without spaces'

/** Thrown for a `connection_init` with a token that cannot be read. The message fits into a close frame, and shows no token. */
export class MalformedTokensError extends TypeError {}

/**
 * Creates an `Identify` that knows callers by the services' tokens in a request. Used when the host gives none.
 *
 * The tokens are in headers: of the request, or in `connectionParams`, which have them by name in any case, in an object `headers` or
 * outside of it, or `token` in place of `Authorization: Bearer`. Headers of the upgrade request count only when `connectionParams` have no
 * token.
 *
 * The `Identify` rejects with `MalformedTokensError` when a token in `connectionParams` is malformed, such as an `Authorization` without
 * `Bearer`, when it is in a place where none is read, such as `apiKey`, or when all tokens there are too long together. Such a token in a
 * header of the request is refused when an operation needs a token.
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
 * A token that is malformed, for an unknown service, or in a place where none is read, is never ignored: the gateway would use its own
 * token instead, and the caller would have rights of somebody else without a sign of it.
 */
class TokenCaller implements IdentifiedCaller {
  readonly #headers: TokenHeaders
  readonly #services: ServiceNames
  readonly #secret: Uint8Array
  #key: string | undefined
  #names: readonly string[] | undefined

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
    const own = this.#read(serviceName, `${SERVICE_TOKEN_PREFIX}${serviceName}`, EXPECTED_TOKEN, parsePlainToken)
    if (own !== null) return own
    const isDefault = serviceName === this.#services.defaultName
    const token = isDefault ? this.#read(serviceName, 'authorization', EXPECTED_BEARER, parseBearerToken) : null
    if (token === null) this.#refuseOthers(serviceName)
    return token
  }

  #read(serviceName: string, header: string, expected: string, parse: (text: string) => string | null): string | null {
    const text = String(this.#headers[header.toLowerCase()] ?? '')
    if (text.trim() === '') return null
    const token = parse(text)
    if (token !== null) return token
    // The message does not show the text, which has a token in it.
    const message = `The token for ${serviceName} cannot be read: expected ${expected} in the header ${header}`
    throw new UnauthorizedError(message, { service: serviceName })
  }

  /** Found once, since each operation asks for its key and for tokens. */
  #tokenHeaders(): readonly string[] {
    this.#names ??= Object.keys(this.#headers).filter((name) => isTokenHeader(name) || looksLikeToken(name))
    return this.#names
  }

  /** Refuses a token for an unknown service, and one in a place where none is understood. */
  #refuseOthers(serviceName: string): void {
    const { names, defaultName } = this.#services
    for (const header of this.#tokenHeaders()) {
      const name = header.startsWith(SERVICE_TOKEN_PREFIX) ? header.slice(SERVICE_TOKEN_PREFIX.length) : null
      if (name !== null && !names.includes(name)) throw new UnknownServiceError(name, names)
      if (!looksLikeToken(header) || String(this.#headers[header] ?? '').trim() === '') continue
      const own = `"${SERVICE_TOKEN_PREFIX}${serviceName}"`
      const places = serviceName === defaultName ? `"Authorization: Bearer …" or ${own}` : own
      const message = `The header ${header} is not understood: expected the token for ${serviceName} in ${places}`
      throw new UnauthorizedError(message, { service: serviceName })
    }
  }
}

/**
 * Returns the tokens of a `connection_init` as headers. Null when it has none.
 *
 * @throws {MalformedTokensError} when a token cannot be read, or when all tokens together are too long
 */
function tokenHeadersOf({ headers, ...params }: Readonly<Record<string, unknown>>): TokenHeaders | null {
  const nested = typeof headers === 'object' && headers !== null ? headers : {}
  const given = [...Object.entries(nested), ...Object.entries(params)]
    .filter(([, value]) => (value ?? '') !== '')
    .map(
      ([name, value]) =>
        [name === 'token' ? 'authorization' : name.toLowerCase(), asBearer(name, value), name] as const,
    )
    .filter(([header, value]) => isTokenHeader(header) || (looksLikeToken(header) && typeof value === 'string'))
  if (given.length === 0) return null
  for (const [header, value, name] of given) refuseUnlessToken(header, value, name)
  const tokens = Object.fromEntries(given.map(([header, value]) => [header, value])) as TokenHeaders
  if (given.some(([header, value]) => tokens[header] !== value))
    throw new MalformedTokensError('Expected one token for each service')
  if (JSON.stringify(given).length > MAX_LENGTH)
    throw new MalformedTokensError(`Expected at most ${MAX_LENGTH} characters`)
  return tokens
}

function onlyTokens(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isTokenHeader(name) || looksLikeToken(name)))
}

/**
 * Checks one token of `connectionParams`.
 *
 * @param header the name in lower case, `authorization` for `token`
 * @param name the name as the client wrote it
 * @throws {MalformedTokensError}
 */
function refuseUnlessToken(header: string, value: unknown, name: string): void {
  if (looksLikeToken(header))
    throw new MalformedTokensError(
      `Expected a token in "Authorization" or "X-Pinning-Token-NAME", got ${shortened(name)}`,
    )
  const isBearer = header === 'authorization'
  if (typeof value === 'string' && (isBearer ? parseBearerToken : parsePlainToken)(value) !== null) return
  throw new MalformedTokensError(`Expected ${isBearer ? EXPECTED_BEARER : EXPECTED_TOKEN} in ${shortened(name)}`)
}

/** The parameter `token` needs no `Bearer`. */
function asBearer(name: string, value: unknown): unknown {
  return name !== 'token' || typeof value !== 'string' || /^bearer /i.test(value) ? value : `Bearer ${value}`
}

function shortened(name: string): string {
  const plain = name.replace(/[^ -~]/g, '?')
  return plain.length > MAX_SHOWN ? `${plain.slice(0, MAX_SHOWN)}…` : plain
}
