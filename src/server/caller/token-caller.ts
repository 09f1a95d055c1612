import { createHmac } from 'node:crypto'
import { UnauthorizedError, UnknownServiceError } from '../../domain/errors.ts'
import type { IdentifiedCaller } from './caller.ts'
import { bearerToken, isOfOthers, isTokenHeader, plainToken, SERVICE_TOKEN_PREFIX } from './tokens.ts'

/** The configured services, as far as tokens are about them. */
export interface ServiceNames {
  readonly names: readonly string[]
  readonly defaultName: string
}

/** Headers by name in lower case, those with tokens among them. */
export type TokenHeaders = Readonly<NodeJS.Dict<string | readonly string[]>>

/**
 * A caller who brings the tokens of services: fixed for the life of a connection, and the same for all its operations.
 *
 * A service's token is the one in `X-Pinning-Token-{service}`, for the default service also the one in `Authorization:
 * Bearer`. A token that is malformed, or is for an unknown service, must not be passed over: the gateway would use its own
 * token, and the caller would act with rights that are not theirs and never know.
 */
export class TokenCaller implements IdentifiedCaller {
  readonly #headers: TokenHeaders
  readonly #services: ServiceNames
  readonly #secret: Uint8Array
  #key: string | undefined

  /** @param secret of this process: keys are compared, and never kept */
  constructor(headers: TokenHeaders, services: ServiceNames, secret: Uint8Array) {
    this.#headers = headers
    this.#services = services
    this.#secret = secret
  }

  /** Equal for equal tokens, and tells nothing of them. */
  get key(): string {
    if (this.#key === undefined) {
      const tokens = this.#tokenHeaders().map((name) => [name, String(this.#headers[name])])
      const text = JSON.stringify(tokens.sort())
      this.#key = createHmac('sha256', this.#secret).update(text).digest('base64url')
    }
    return this.#key
  }

  /** The key says everything: it is made of all tokens. */
  get sharingKey(): string {
    return this.key
  }

  tokenFor(service: string): string | null {
    const own = this.#read(service, `${SERVICE_TOKEN_PREFIX}${service}`, 'printable text without spaces', plainToken)
    if (own !== null) return own
    const isDefault = service === this.#services.defaultName
    const token = isDefault ? this.#read(service, 'authorization', '"Bearer" and one token', bearerToken) : null
    if (token === null) this.#refuseUnknown()
    return token
  }

  #read(service: string, header: string, expected: string, parse: (text: string) => string | null): string | null {
    const text = String(this.#headers[header.toLowerCase()] ?? '')
    if (text.trim() === '' || (header === 'authorization' && isOfOthers(text))) return null
    const token = parse(text)
    if (token !== null) return token
    // What came is not shown: there is a token in it.
    const message = `The token for ${service} cannot be read: expected ${expected} in the header ${header}`
    throw new UnauthorizedError(message, { service })
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
