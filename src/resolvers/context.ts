import { setMaxListeners } from 'node:events'
import { UnauthorizedError, UnknownServiceError } from '../domain/errors.ts'
import type { Informers } from '../live/informers.ts'
import { createLoaders, type Loaders } from '../loaders/create-loaders.ts'
import type { ServiceRegistry } from '../upstream/registry.ts'
import type { Tenant } from '../upstream/tenant.ts'

/** What a GraphQL request's resolvers work with. */
export interface GatewayContext {
  readonly services: ServiceRegistry
  readonly loaders: Loaders
  /** Live status, shared by all requests. */
  readonly live: Informers
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
  /**
   * The caller's pins at a service.
   *
   * @throws {UnknownServiceError} when no service has that name, or the caller brought a token for one that is unknown and
   *   none for this one
   * @throws {UnauthorizedError} when there is no token for it, or one that cannot be read; costs no upstream request
   */
  tenant(service: string): Tenant
  /** Whether `tenant` gives one: the caller has a token for the service, of their own or by configuration. */
  mayUse(service: string): boolean
}

/** Headers by name in any case. */
export interface CallerHeaders {
  get(name: string): string | null
  /** The names, in lower case. */
  keys(): Iterable<string>
}

/** The parts of a request that the context is made from. */
export interface ContextRequest {
  readonly headers: CallerHeaders
  readonly signal: AbortSignal
  readonly requestId: string
}

/**
 * The context of one GraphQL request.
 *
 * A service's token is taken from the header `X-Pinning-Token-{service}`, for the default service also from
 * `Authorization: Bearer`, and last from the configuration. A token that cannot be read, or is for an unknown service, must
 * not end there: the caller would act with rights that are not theirs, and never know.
 */
export function createContext(services: ServiceRegistry, live: Informers, request: ContextRequest): GatewayContext {
  const { headers, signal, requestId } = request
  // A thousand lookups may wait at once, each for the signal; that is no leak, and needs no warning.
  setMaxListeners(0, signal)
  const tokenOf = (service: string): string | null => {
    const own = ownToken(headers, service, service === services.defaultName)
    if (own !== null) return own
    const known = services.services.map(({ settings }) => settings.name)
    const unknown = namesOfTokens(headers).find((name) => !known.includes(name))
    if (unknown !== undefined) throw new UnknownServiceError(unknown, known)
    return null
  }
  // To find a tenant, its token is hashed; a request may look up a thousand pins.
  const tenants = new Map<string, Tenant>()
  const tenant = (service: string): Tenant => {
    const found = tenants.get(service) ?? services.tenant(service, tokenOf(service))
    tenants.set(service, found)
    return found
  }
  return {
    services,
    live,
    loaders: createLoaders(tenant, signal),
    signal,
    requestId,
    tenant,
    mayUse: (service) => {
      try {
        return Boolean(tokenOf(service) ?? services.get(service).settings.token)
      } catch (error) {
        if (error instanceof UnauthorizedError || error instanceof UnknownServiceError) return false
        throw error
      }
    },
  }
}

const TOKEN_HEADER = 'x-pinning-token-'
const TOKEN = /^[\x21-\x7e]+$/
/** Of proxies in front, which pass their own passwords on; none of them is a token for us. */
const SCHEMES_OF_OTHERS = /^(?:basic|digest|negotiate)(?: |$)/i

/** The token in `Bearer TOKEN`; null for any other text. */
export function bearerToken(text: string): string | null {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(text)?.[1] ?? null
  return token?.toLowerCase() === 'bearer' ? null : token
}

/** The token in a header of its own; null for what cannot be one. */
export function plainToken(text: string): string | null {
  const token = text.trim()
  return TOKEN.test(token) ? token : null
}

/** The token that the caller brings for a service; null for none. */
function ownToken(headers: CallerHeaders, service: string, isDefault: boolean): string | null {
  const read = (header: string, expected: string, parse: (text: string) => string | null): string | null => {
    const text = headers.get(header) ?? ''
    if (text.trim() === '' || (header === 'authorization' && SCHEMES_OF_OTHERS.test(text))) return null
    const token = parse(text)
    if (token !== null) return token
    // What came is not shown: there is a token in it.
    throw new UnauthorizedError(
      `The token for ${service} cannot be read: expected ${expected} in the header ${header}`,
      {
        service,
      },
    )
  }
  const own = read(`${TOKEN_HEADER}${service}`, 'printable text without spaces', plainToken)
  return own ?? (isDefault ? read('authorization', '"Bearer" and one token', bearerToken) : null)
}

/** The services that tokens came for by name. */
function namesOfTokens(headers: CallerHeaders): string[] {
  return [...headers.keys()]
    .filter((name) => name.startsWith(TOKEN_HEADER))
    .map((name) => name.slice(TOKEN_HEADER.length))
}
