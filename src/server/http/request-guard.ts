import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackHost } from '../loopback.ts'

/** Why a request is not served, before anything of it is read. */
export interface Refusal {
  readonly status: number
  readonly code: 'FORBIDDEN_HOST' | 'FORBIDDEN_ORIGIN' | 'UNSUPPORTED_MEDIA_TYPE'
  readonly message: string
}

/** The parts of a request that tell where it comes from; an upgrade to WebSocket has them too. */
export interface GuardedRequest {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Whom the gateway serves. */
export interface RequestGuard {
  /**
   * Null when the request may be served.
   *
   * @param options.anyHost leaves the host name out, for what holds no data: load balancers ask by address
   */
  refusalOf(request: GuardedRequest, options?: { anyHost?: boolean }): Refusal | null
  /** True for the origin of a foreign web page that may read answers. */
  isAllowedOrigin(origin: string): boolean
}

// What a web page can send to any site without asking first.
// https://fetch.spec.whatwg.org/#cors-safelisted-request-header
const SIMPLE_CONTENT = /^\s*(?:text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)\b/i

/**
 * The gateway may hold tokens and listen on loopback, where any web page can send requests: so pages of other sites are
 * refused unless allowed, even where they could not read the answer, and host names that are not ours are refused, since an
 * attacker's name may have been pointed here (DNS rebinding).
 */
export function createRequestGuard(config: {
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly corsOrigins: readonly string[]
}): RequestGuard {
  const hosts = new Set(config.allowedHosts.map((host) => host.toLowerCase()))
  const checksHost = !hosts.has('*') && (hosts.size > 0 || isLoopbackHost(config.host))
  const origins = new Set(config.corsOrigins)

  const isAllowedOrigin = (origin: string) =>
    origins.has('*') ||
    origins.has(origin) ||
    (origins.has('loopback') && URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname))

  function refusalOf({ method, headers }: GuardedRequest, { anyHost = false } = {}): Refusal | null {
    const { host = '', origin } = headers
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

/** A page of another site that loads us as an image, script or frame sends no Origin. Following a link here is fine. */
function isForeignFetch(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return (site === 'cross-site' || site === 'same-site') && !isLink
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
