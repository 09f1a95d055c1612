import type { IncomingMessage } from 'node:http'

/**
 * Reduces the URL of a request to path and query. Clients of proxies send the whole address. Its host then replaces the one in the
 * header `Host`.
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
