import { ConfigError } from '../config/config-error.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { isLoopbackHost } from '../domain/loopback-host.ts'
import { isOnlyLocal } from './loopback.ts'
import { servicesWithToken } from './services-with-token.ts'

/** A rule that decides who may use the gateway, beside those of the configuration. */
export interface AccessRule {
  /** True when the host application says who calls. */
  readonly hasIdentify: boolean
}

/**
 * Refuses to start a gateway that would let strangers use its tokens: it can be reached beyond this machine, holds a token, and
 * nothing says who may call. To be called before anything is opened.
 *
 * `allowedHosts` counts, since the operator has then thought of who reaches the gateway, and web pages under other names are refused.
 * `*` names nobody, and does not count.
 *
 * @throws {ConfigError} that names the ways out
 */
export function refuseOpenGateway(config: GatewayConfig, { hasIdentify }: AccessRule): void {
  const names = servicesWithToken(config)
  if (isOnlyLocal(config) || hasIdentify || config.allowAnonymous || names.length === 0) return
  if (config.allowedHosts.some((name) => name !== '*' && !isLoopbackHost(name))) return
  const isOpen = !isLoopbackHost(config.host)
  const [key, reach] = isOpen
    ? ['host', `${config.host} is reached from other machines`]
    : [
        config.allowedHosts.length > 0 ? 'allowedHosts' : 'trustProxy',
        'a proxy makes the gateway reachable from other machines',
      ]
  const message =
    `${reach}, and whoever reaches it could use ${names.join(', ')} with the tokens that the gateway holds. Ways out: ` +
    `${isOpen ? '--host 127.0.0.1 serves this machine only; ' : ''}` +
    '--allowed-hosts (PINQL_ALLOWED_HOSTS) with the host names under which clients reach it, behind a proxy that lets in only ' +
    'clients you know; services without a token, so that each caller sends one; --allow-anonymous ' +
    '(PINQL_ALLOW_ANONYMOUS=true) to serve everybody. In a server of your own: identify, which says who calls'
  throw new ConfigError([{ key, source: null, message }])
}
