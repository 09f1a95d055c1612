import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { isLoopbackHost } from '../../domain/loopback-host.ts'

/** HTTP proxies between pinql and the services. Usually read from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. */
export interface ProxySettings {
  readonly httpProxy?: string | undefined
  readonly httpsProxy?: string | undefined
  readonly noProxy?: string | undefined
}

export interface ConnectionOptions {
  /** Base URL of the service. */
  readonly endpoint: string
  /** Milliseconds that one try of a call may take. */
  readonly timeoutMs: number
  readonly proxy?: ProxySettings | undefined
}

/** The part of a try's time that connecting may take. */
const CONNECT_SHARE = 0.4

/** Opens a connection pool to one service. Nothing is sent until the first call. */
export function openConnections({ endpoint, timeoutMs, proxy }: ConnectionOptions): Dispatcher {
  const { origin } = splitEndpoint(endpoint)
  // Gives up on a host that accepts no connection early enough for one more try.
  const connect = { timeout: timeoutMs * CONNECT_SHARE }
  // Each exchange has a deadline of its own.
  const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 }
  // A call that the budget lets through must not wait for a connection, so their number has no limit.
  const settings = { connections: null, pipelining: 1, connect, ...noTimeouts }
  const { httpProxy = '', httpsProxy = '', noProxy = '' } = proxy ?? {}
  // No proxy reaches this machine, by whatever name or address of it.
  const isHere = isLoopbackHost(new URL(origin).hostname)
  if (isHere || (!httpProxy && !httpsProxy)) return new Pool(origin, settings)
  const proxied = { proxyTls: connect, requestTls: connect }
  return new EnvHttpProxyAgent({ ...settings, ...proxied, httpProxy, httpsProxy, noProxy })
}

/** Splits a base URL. Drops a trailing slash or `/pins`, which people often paste along with it. */
export function splitEndpoint(endpoint: string): { origin: string; basePath: string } {
  const url = new URL(endpoint)
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, '').replace(/\/pins$/, '') }
}
