import { isIPv6 } from 'node:net'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { createLogger, type LogSink } from '../observability/logger.ts'
import { createSchema } from '../schema/schema.ts'
import { createFrontDoor } from './create-front-door.ts'
import { readGatewayToken } from './gateway-token.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'
import { openServices } from './open-services.ts'
import { startupWarnings } from './startup-warnings.ts'

/** A gateway that serves. Disposing it finishes what is in flight, then stops the embedded service. */
export interface RunningGateway extends AsyncDisposable {
  /** Where GraphQL and GraphiQL are, such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string
  /** Milliseconds that stopping may take now: 9.5 s, and more while many WebSockets and event streams are open. */
  readonly longestStopMs: number
}

// Orchestrators kill after 10 s.
const USUAL_STOP_MS = 9_500

/**
 * Starts the gateway: the embedded pinning service where one is configured, connections to the services, and HTTP.
 *
 * Nothing is sent to any other service before the first query.
 *
 * @param config from `loadConfig` or `parseConfig`
 * @param options.logSink takes the log, one JSON object a line and free of tokens. Default: standard output.
 * @throws {Error} when the address cannot be listened on or the data directory cannot be used; nothing is left running
 */
export async function startGateway(
  config: GatewayConfig,
  options: { logSink?: LogSink } = {},
): Promise<RunningGateway> {
  const secrets = await tokensOf(config)
  const log = createLogger({ level: config.logLevel, secrets, sink: options.logSink ?? process.stdout })
  const services = await openServices(config, log)
  let http: HttpServer | undefined
  const door = createFrontDoor(config, {
    schema: createSchema(),
    registry: services.registry,
    live: services.live,
    isReady: () => services.isUp() && http?.isAccepting() === true,
    log,
  })
  try {
    http = await startHttpServer(door.handle, { ...config, upgrade: door.upgrade, drain: door.drain })
  } catch (error) {
    door[Symbol.dispose]()
    await services[Symbol.asyncDispose]()
    throw error
  }
  for (const warning of startupWarnings(config)) log.warn(warning)
  const url = `http://${urlHostOf(config.host)}:${http.port}/graphql`
  log.info({ services: config.services.map(({ name }) => name) }, `Serving GraphQL and GraphiQL at ${url}`)
  async function stop(): Promise<void> {
    await http?.[Symbol.asyncDispose]()
    door[Symbol.dispose]()
    await services[Symbol.asyncDispose]()
  }
  let stopped: Promise<void> | undefined
  return {
    url,
    get longestStopMs() {
      return Math.max(USUAL_STOP_MS, door.drainTimeMs + USUAL_STOP_MS / 2)
    },
    [Symbol.asyncDispose]() {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Every token that the gateway holds, its own for the embedded service included, for the log to hide. */
async function tokensOf({ services, dataDir }: GatewayConfig): Promise<string[]> {
  const isEmbedded = services.some(({ provider, token }) => provider === 'embedded' && token === null)
  const own = isEmbedded ? [(await readGatewayToken(dataDir)).token] : []
  return [...own, ...services.flatMap(({ token, kubo }) => [token, kubo?.token].filter((each) => each != null))]
}

function urlHostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return isIPv6(host) ? `[${host}]` : host
}
