import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackHost } from '../loopback.ts'

/** The answer to a request that is not served. It is known before the body is read. */
interface Refusal {
  readonly status: number
  readonly code: 'BAD_REQUEST' | 'FORBIDDEN_HOST' | 'FORBIDDEN_ORIGIN' | 'UNSUPPORTED_MEDIA_TYPE'
  readonly message: string
}

/** The parts of a request that show where it comes from. An upgrade to WebSocket has them as well. */
interface GuardedRequest {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Decides which requests are served. */
export interface RequestGuard {
  /**
   * Returns null when the request may be served.
   *
   * @param options.anyHost does not check the host name, for paths that show no data: load balancers ask by address
   */
  refusalOf(request: GuardedRequest, options?: { anyHost?: boolean }): Refusal | null
  /** True for the origin of another site whose pages may read answers. */
  isAllowedOrigin(origin: string): boolean
}

// Content types that a web page can send to any site without asking first.
// https://fetch.spec.whatwg.org/#cors-safelisted-request-header
const SIMPLE_CONTENT = /^\s*(?:text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)\b/i

/**
 * Creates the guard of a gateway.
 *
 * The gateway may hold tokens and listen on loopback, where any web page can send requests. So pages of other sites are
 * refused unless their origin is allowed, even if they could not read the answer. Unknown host names are refused as well,
 * since an attacker's name may resolve to this address (DNS rebinding).
 */
export function createRequestGuard(config: {
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly corsOrigins: readonly string[]
}): RequestGuard {
  const hosts = new Set(config.allowedHosts.map((host) => host.toLowerCase()))
  const checksHost = !hosts.has('*') && (hosts.size > 0 || isLoopbackHost(config.host))
  const origins = new Set(config.corsOrigins)
  /** The last well-formed Host header, which need not be parsed again. Nearly all requests have the same. */
  let wellFormed = ''

  const isAllowedOrigin = (origin: string) =>
    origins.has('*') ||
    origins.has(origin) ||
    (origins.has('loopback') && URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname))

  function refusalOf({ method, headers }: GuardedRequest, { anyHost = false } = {}): Refusal | null {
    const { host = '', origin } = headers
    if (host !== wellFormed && host !== '') {
      if (!URL.canParse(`http://${host}`)) {
        const message = `Expected a Host header such as "localhost:4000", got ${JSON.stringify(host)}`
        return { status: 400, code: 'BAD_REQUEST', message }
      }
      wellFormed = host
    }
    if (checksHost && !anyHost) {
      const name = host.replace(/:\d*$/, '').toLowerCase()
      if (!isLoopbackHost(name) && !hosts.has(name)) {
        const message = `Expected a Host header that names this gateway, got ${JSON.stringify(host)}; see allowedHosts`
        return { status: 403, code: 'FORBIDDEN_HOST', message }
      }
    }
    const isForeign =
      origin === undefined ? isForeignFetch(headers) : !isSameHost(origin, host) && !isAllowedOrigin(origin)
    if (isForeign) {
      const message = `Expected a page of this gateway or of an allowed origin, got ${origin ?? 'another site'}; see corsOrigins`
      return { status: 403, code: 'FORBIDDEN_ORIGIN', message }
    }
    if (method === 'POST' && SIMPLE_CONTENT.test(headers['content-type'] ?? 'text/plain')) {
      const message = `Expected content-type application/json, got ${headers['content-type'] ?? 'none'}`
      return { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', message }
    }
    return null
  }

  return { refusalOf, isAllowedOrigin }
}

/**
 * True for a request from a page of another site that has no `Origin`, such as for an image, a script or a frame. A link
 * that somebody follows is allowed.
 */
function isForeignFetch(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return (site === 'cross-site' || site === 'same-site') && !isLink
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
