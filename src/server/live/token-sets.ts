import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { bearerToken, type CallerHeaders, plainToken } from '../../resolvers/context.ts'

/** The tokens that a connection came with: fixed for its life, and the same for all its operations. */
export class TokenSet implements CallerHeaders {
  /** Equal for equal tokens, and tells nothing of them. */
  readonly key: string
  readonly #tokens: ReadonlyMap<string, string>

  /** @param tokens by the name of their header in lower case: `authorization`, `x-pinning-token-{service}` */
  constructor(key: string, tokens: ReadonlyMap<string, string>) {
    this.key = key
    this.#tokens = tokens
  }

  get(name: string): string | null {
    return this.#tokens.get(name.toLowerCase()) ?? null
  }

  keys(): Iterable<string> {
    return this.#tokens.keys()
  }
}

/** As much as all headers of a request may have. */
const MAX_LENGTH = 16_384

/** Reads tokens from where connections bring them, and names each set by a keyed hash. */
export class TokenSets {
  // Of this process alone: keys are compared, never kept.
  readonly #secret = randomBytes(32)

  /** The tokens among a request's headers, as they came: what cannot be read is refused by whoever needs it. */
  fromHeaders(headers: IncomingHttpHeaders): TokenSet {
    const given = Object.entries(headers).filter(([name]) => isTokenName(name))
    return this.#create(given.map(([name, value]) => [name, String(value)] as const))
  }

  /**
   * The tokens in a `connection_init`: headers by name in any case, or `token` in place of `Authorization: Bearer`.
   *
   * @returns null when there is none
   * @throws {TypeError} when one of them cannot be read, as `Authorization` without `Bearer`, or all are very long
   */
  fromConnectionParams(params: Readonly<Record<string, unknown>>): TokenSet | null {
    const { token, ...others } = params
    const headers = token === undefined ? others : { ...others, authorization: bearer(token) }
    const given = Object.entries(headers).filter(([name, value]) => isTokenName(name) && (value ?? '') !== '')
    if (given.length === 0) return null
    if (!given.every(isToken)) throw new TypeError('Expected each token to be readable')
    if (JSON.stringify(given).length > MAX_LENGTH) throw new TypeError(`Expected at most ${MAX_LENGTH} characters`)
    return this.#create(given)
  }

  #create(headers: readonly (readonly [name: string, token: string])[]): TokenSet {
    const tokens = new Map(headers.map(([name, token]) => [name.toLowerCase(), token]))
    const text = JSON.stringify([...tokens].sort(([a], [b]) => (a < b ? -1 : 1)))
    const key = createHmac('sha256', this.#secret).update(text).digest('base64url')
    return new TokenSet(key, tokens)
  }
}

function isTokenName(name: string): boolean {
  return /^(?:authorization|x-pinning-token-.+)$/i.test(name)
}

function isToken(header: readonly [name: string, value: unknown]): header is [name: string, token: string] {
  const [name, value] = header
  if (typeof value !== 'string') return false
  return (name.toLowerCase() === 'authorization' ? bearerToken : plainToken)(value) !== null
}

function bearer(token: unknown): unknown {
  return typeof token !== 'string' || token === '' || /^bearer /i.test(token) ? token : `Bearer ${token}`
}
