import type { IncomingMessage } from 'node:http'

/**
 * Makes of a request that names a whole address, as clients of proxies send it, one that names path and query. The host of
 * the address counts in place of the header's.
 *
 * @see RFC 9112, section 3.2.2
 */
export function toOriginForm(req: IncomingMessage): void {
  const { url = '/' } = req
  if (url.startsWith('/') || !URL.canParse(url)) return
  const { host, pathname, search } = new URL(url)
  if (host === '') return
  req.url = `${pathname}${search}`
  req.headers.host = host
}
