import type { IncomingHttpHeaders } from 'node:http'
import { createOriginCheck } from '../../domain/allowed-origins.ts'
import { isLoopbackHost } from '../../domain/loopback-host.ts'
import { isOnlyLocal, type Reach } from '../loopback.ts'

/** The answer to a request that is not served. It is known before the body is read. */
interface Refusal {
  readonly status: number
  readonly code: 'BAD_REQUEST' | 'FORBIDDEN_HOST' | 'FORBIDDEN_ORIGIN' | 'FORBIDDEN_PROXY' | 'UNSUPPORTED_MEDIA_TYPE'
  readonly message: string
  /** The rule that refused it, for the log. Clients do not see it. */
  readonly rule?: string
}

/** The parts of a request that show where it comes from. An upgrade to WebSocket has them as well. */
interface GuardedRequest {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came. `headers` has only the first of several `Host`. */
  readonly rawHeaders?: readonly string[] | undefined
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined
}

/** Decides which requests are served. */
export interface RequestGuard {
  /**
   * Returns null when the request may be served.
   *
   * @param options.anyHost checks neither the host name nor for a proxy, for paths that show no data: load balancers ask by address
   * @param options.anyText checks neither compression nor charset of a body, for paths of the host application
   */
  refusalOf(request: GuardedRequest, options?: { anyHost?: boolean; anyText?: boolean }): Refusal | null
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
 *
 * A proxy on this machine may make of every host name a loopback one. So while the settings say that only this machine reaches the
 * gateway, requests that show a proxy are refused, and so are those of clients on other machines, which the server of a host
 * application may let in.
 */
export function createRequestGuard(config: Reach & { readonly corsOrigins: readonly string[] }): RequestGuard {
  const hosts = new Set(config.allowedHosts.map((host) => host.toLowerCase()))
  const checksHost = !hosts.has('*') && (hosts.size > 0 || isLoopbackHost(config.host))
  const isLocal = isOnlyLocal(config)
  /** The last Host header that was served, which need not be read again. Nearly all requests have the same. */
  let servedHost: string | undefined

  const isAllowedOrigin = createOriginCheck(config.corsOrigins)

  function refusalOf(
    { method, headers, rawHeaders, socket }: GuardedRequest,
    { anyHost = false, anyText = false } = {},
  ): Refusal | null {
    const { host = '', origin } = headers
    if (rawHeaders && hasTwoHosts(rawHeaders))
      return { status: 400, code: 'BAD_REQUEST', message: 'Expected one Host header, got several' }
    if (host !== servedHost) {
      const refusal = hostRefusalOf(host, anyHost)
      if (refusal) return refusal
      if (!anyHost) servedHost = host
    }
    if (isLocal && !anyHost) {
      if (!isLoopbackClient(socket?.remoteAddress)) return { status: 403, code: 'FORBIDDEN_HOST', message: FAR_CLIENT }
      const sign = proxySignOf(headers)
      if (sign !== null) return { status: 403, code: 'FORBIDDEN_PROXY', message: proxyMessage(sign) }
    }
    const rule = foreignRuleOf(headers, origin, host)
    if (rule !== null) return { status: 403, code: 'FORBIDDEN_ORIGIN', message: FOREIGN, rule }
    const message = method === 'POST' ? contentMistakeOf(headers, anyText) : null
    return message === null ? null : { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', message }
  }

  function hostRefusalOf(host: string, anyHost: boolean): Refusal | null {
    if (host !== '' && !URL.canParse(`http://${host}`)) {
      const message = `Expected a Host header such as "localhost:4000", got ${JSON.stringify(host)}`
      return { status: 400, code: 'BAD_REQUEST', message }
    }
    const name = host.replace(/\.?(?::\d*)?$/, '').toLowerCase()
    if (!checksHost || anyHost || isLoopbackHost(name) || hosts.has(name)) return null
    const message = `Expected a Host header that names this gateway, got ${JSON.stringify(host)}; see allowedHosts`
    return { status: 403, code: 'FORBIDDEN_HOST', message }
  }

  /** Returns the rule by which a page of another site is refused. Null for any other client. */
  function foreignRuleOf(headers: IncomingHttpHeaders, origin: string | undefined, host: string): string | null {
    if (origin === undefined) return isForeignFetch(headers) ? 'sec-fetch-site, without an origin' : null
    return isSameHost(origin, host) || isAllowedOrigin(origin) ? null : 'origin'
  }

  return { refusalOf, isAllowedOrigin }
}

/**
 * Returns what is wrong with the form of a body: a page of another site could send it, or it is not UTF-8 text as it stands.
 *
 * @param anyText true where a body may be compressed and have any charset
 */
function contentMistakeOf(headers: IncomingHttpHeaders, anyText: boolean): string | null {
  const { 'content-type': type, 'content-encoding': encoding = 'identity' } = headers
  if (type === 'application/json' && encoding === 'identity') return null
  if (SIMPLE_CONTENT.test(type ?? 'text/plain')) return `Expected content-type application/json, got ${type ?? 'none'}`
  if (anyText) return null
  if (encoding.trim().toLowerCase() !== 'identity') return `Expected a body without content-encoding, got ${encoding}`
  const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(type ?? '')?.[1]?.trim()
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset)
    ? null
    : `Expected the charset utf-8 in content-type, got ${charset}`
}

/** The one answer to pages of other sites. It does not tell an attacker which rule refused the page. */
const FOREIGN = 'Expected a page of this gateway or of an allowed origin; see corsOrigins'

/** The server of a host application may listen beyond loopback, and everybody can send a loopback name as `Host`. */
const FAR_CLIENT =
  'Expected a client on the machine of the gateway, as its settings say: to serve others, set allowedHosts to the host names ' +
  'under which they reach it, or host to the address on which the server listens'

/** True for a client on this machine, and for one without an address, as of a Unix socket. */
function isLoopbackClient(address: string | undefined): boolean {
  return address === undefined || isLoopbackHost(address.startsWith('::ffff:') ? address.slice(7) : address)
}

/** Returns the header that shows a proxy between the client and the gateway. Null when there is none. */
function proxySignOf(headers: IncomingHttpHeaders): string | null {
  for (const name in headers) {
    if (name === 'forwarded' || name === 'via' || name === 'x-real-ip' || name.startsWith('x-forwarded-')) return name
  }
  return null
}

function proxyMessage(header: string): string {
  return (
    `Expected no proxy in front of a gateway that only its own machine should reach, got the header ${header}. ` +
    'To serve through a proxy, set allowedHosts to the host names under which clients reach it, and let it pass Host on; ' +
    'trustProxy then makes the addresses of clients known'
  )
}

/** True for a request with several `Host` headers, of which a proxy may have checked another one. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts > 1
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

/** Returns whether a page is one of the host to which it sends. `Host` may name the port that the page's scheme implies. */
function isSameHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const page = new URL(origin)
  const asked = `${page.protocol}//${host}`
  return URL.canParse(asked) && withoutDot(new URL(asked).host) === withoutDot(page.host)
}

/** A host name may end in a dot, and means the same. */
function withoutDot(host: string): string {
  return host.replace(/\.(?=:\d+$|$)/, '').toLowerCase()
}
