import type { GatewayConfig } from '../config/gateway-config.ts'
import { Informers } from '../live/informers.ts'
import type { Logger } from '../observability/logger.ts'
import type { ServiceSettings } from '../upstream/pinning-service.ts'
import { createServiceRegistry, type ServiceRegistry } from '../upstream/registry.ts'
import { type EmbeddedService, startEmbeddedService } from './start-embedded-service.ts'

/** The configured services, ready to be asked. */
export interface OpenServices extends AsyncDisposable {
  readonly registry: ServiceRegistry
  readonly live: Informers
  /** False once the embedded service has stopped by itself. */
  isUp(): boolean
}

/**
 * Starts the embedded service where one is configured, and opens connections to all. Nothing is sent to any other yet.
 *
 * @throws {Error} when the data directory cannot be used
 */
export async function openServices(config: GatewayConfig, log: Logger): Promise<OpenServices> {
  const embedded = await startEmbedded(config, log)
  const services = config.services.map((service): ServiceSettings => {
    const { endpoint, token } = service.provider === 'embedded' ? (embedded ?? service) : service
    return { ...service, endpoint: endpoint ?? '', token }
  })
  const registry = createServiceRegistry(services, config.defaultService, { proxy: config.proxy })
  const live = new Informers()
  let isUp = true
  embedded?.closed.catch((err: unknown) => {
    isUp = false
    log.fatal({ err }, 'The embedded pinning service has stopped by itself; restart the gateway')
  })
  return {
    registry,
    live,
    isUp: () => isUp,
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await embedded?.[Symbol.asyncDispose]()
    },
  }
}

async function startEmbedded(config: GatewayConfig, log: Logger): Promise<EmbeddedService | null> {
  const service = config.services.find(({ provider }) => provider === 'embedded')
  return service ? startEmbeddedService({ dataDir: config.dataDir, token: service.token, log }) : null
}
