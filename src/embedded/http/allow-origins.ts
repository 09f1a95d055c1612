import type { MiddlewareHandler } from 'hono'
import { createOriginCheck } from '../../domain/allowed-origins.ts'

const METHODS = 'GET, POST, DELETE, OPTIONS'
/** Seconds for which a browser may keep the answer to a preflight. */
const MAX_AGE = '600'

/**
 * Lets web pages of some origins call the service, and answers their preflights, which have no token.
 *
 * @param rules as in the gateway's setting `corsOrigins`
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function allowOrigins(rules: readonly string[]): MiddlewareHandler {
  const isAllowed = createOriginCheck(rules)
  return async (c, next) => {
    const origin = c.req.header('origin')
    const allowed = origin !== undefined && isAllowed(origin) ? origin : null
    if (allowed !== null && c.req.method === 'OPTIONS') {
      c.res = new Response(null, { status: 204 })
      const { headers } = c.res
      headers.set('access-control-allow-methods', METHODS)
      headers.set('access-control-allow-headers', c.req.header('access-control-request-headers') ?? '')
      headers.set('access-control-max-age', MAX_AGE)
      // A public page asks before it may talk to loopback: https://wicg.github.io/private-network-access/
      if (c.req.header('access-control-request-private-network'))
        headers.set('access-control-allow-private-network', 'true')
    } else await next()
    c.res.headers.append('vary', 'origin')
    if (allowed === null) return
    c.res.headers.set('access-control-allow-origin', allowed)
    c.res.headers.set('access-control-expose-headers', 'retry-after')
  }
}
