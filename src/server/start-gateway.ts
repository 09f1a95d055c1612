import { isIPv6 } from 'node:net'
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { LogSink } from '../observability/logger.ts'
import { type GatewayOptions, openGateway } from './create-gateway.ts'
import { createGatewayLog } from './create-gateway-log.ts'
import { type HttpServer, startHttpServer } from './http/http-server.ts'
import { refuseOpenGateway } from './refuse-open-gateway.ts'
import { hostWarnings } from './startup-warnings.ts'

/** A gateway that listens. Disposing finishes the requests in flight, and then stops the embedded service. */
export interface RunningGateway extends AsyncDisposable {
  /** URL of GraphQL and GraphiQL, such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string
  /** Milliseconds that stopping may take now: 9.5 s, or more if `liveDrainMs` or `shutdownTimeoutMs` are longer than by default. */
  readonly longestStopMs: number
}

// Orchestrators kill after 10 s.
const USUAL_STOP_MS = 9_500
/** Milliseconds for what comes after requests and connections have ended: the last answers, and the embedded service. */
const REST_MS = 1_500

/**
 * Creates a gateway as `createGateway` does, and serves it over HTTP at the configured `host` and `port`.
 *
 * Nothing is sent to any other service than the embedded one before the first query.
 *
 * @param config from `loadConfig` or `parseConfig`
 * @param options as for `createGateway`. `logSink` is another name for `log`.
 * @throws {ConfigError} as `createGateway` does
 * @throws {Error} when the gateway cannot listen at the address or use the data directory. Nothing is left running.
 */
export async function startGateway(
  config: GatewayConfig,
  options: GatewayOptions & { readonly logSink?: LogSink | undefined } = {},
): Promise<RunningGateway> {
  const { identify, observe, routes, logSink } = options
  refuseOpenGateway(config, { hasIdentify: identify !== undefined })
  const log = await createGatewayLog(config, options.log ?? logSink)
  const gateway = await openGateway(config, { log, identify, observe, routes })
  let http: HttpServer
  try {
    const { handle, upgrade, drain, inFlight, httpConnections: connections } = gateway
    http = await startHttpServer(handle, { ...config, upgrade, drain, inFlight, connections })
  } catch (error) {
    await gateway[Symbol.asyncDispose]()
    throw error
  }
  if (!identify) for (const warning of hostWarnings(config)) log.warn(warning)
  const url = `http://${urlHostOf(config.host)}:${http.port}/graphql`
  log.info({ services: config.services.map(({ name }) => name) }, `Serving GraphQL and GraphiQL at ${url}`)
  async function stop(): Promise<void> {
    await http[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
  }
  let stopped: Promise<void> | undefined
  return {
    url,
    get longestStopMs() {
      return Math.max(USUAL_STOP_MS, Math.max(gateway.drainTimeMs, config.shutdownTimeoutMs) + REST_MS)
    },
    [Symbol.asyncDispose]() {
      stopped ??= stop()
      return stopped
    },
  }
}

function urlHostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return isIPv6(host) ? `[${host}]` : host
}
