import { isLoopbackHost } from '../domain/loopback-host.ts'

/** The settings that say who can reach the gateway. */
export interface Reach {
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly trustProxy: number | readonly string[]
}

/**
 * True while only this machine reaches the gateway: it listens on loopback, and no setting says that a proxy is in front of it.
 *
 * The request guard refuses requests that came through a proxy while this is true, so that all that is decided by it holds: which
 * origins may be dialled, and what strangers are shown.
 */
export function isOnlyLocal({ host, allowedHosts, trustProxy }: Reach): boolean {
  return isLoopbackHost(host) && allowedHosts.every(isLoopbackHost) && !hasProxies(trustProxy)
}

/** True when the setting names a proxy in front of the gateway. */
function hasProxies(trustProxy: Reach['trustProxy']): boolean {
  return typeof trustProxy === 'number' ? trustProxy > 0 : trustProxy.length > 0
}
