import { join } from 'node:path'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { Informers } from '../live/informers.ts'
import type { Logger } from '../observability/logger.ts'
import { createServiceRegistry, type RegistryOptions, type ServiceRegistry } from '../upstream/registry.ts'
import { openWriteRecords } from '../upstream/writes/sqlite-write-records.ts'
import { readSecretFile } from './secret-file.ts'
import { serviceSettingsOf } from './service-settings.ts'
import { type EmbeddedService, startEmbeddedService } from './start-embedded-service.ts'

/** The configured services, ready to be asked. */
export interface OpenServices extends AsyncDisposable {
  readonly registry: ServiceRegistry
  readonly live: Informers
  /** False while the embedded service is started again after it ended by itself. */
  isUp(): boolean
}

/**
 * Starts the embedded service where one is configured, and opens connections to all. Nothing is sent to any other yet.
 *
 * @throws {ConfigError} when a service's endpoint is neither given nor known
 * @throws {Error} when the data directory cannot be used
 */
export async function openServices(config: GatewayConfig, log: Logger): Promise<OpenServices> {
  const settings = serviceSettingsOf(config)
  const embedded = await startEmbedded(config, log)
  const records = await openRecords(config).catch(async (error) => {
    await embedded?.[Symbol.asyncDispose]()
    throw error
  })
  const located = settings.map((each) =>
    embedded && each.provider === 'embedded' ? { ...each, endpoint: embedded.endpoint, token: embedded.token } : each,
  )
  const registry = createServiceRegistry(located, config.defaultService, {
    proxy: config.proxy,
    ...records,
    onLesson: (service, lesson) =>
      log.info({ service, ...lesson }, 'Learned how a service differs from what was known'),
  })
  const live = new Informers()
  return {
    registry,
    live,
    isUp: () => embedded?.isUp() ?? true,
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await embedded?.[Symbol.asyncDispose]()
    },
  }
}

/** What lets a gateway finish the writes of the process before it; tokens are not part of it. */
async function openRecords({
  dataDir,
}: GatewayConfig): Promise<Pick<RegistryOptions, 'tenantSecret' | 'writeRecords'>> {
  const { secret } = await readSecretFile(dataDir, 'tenant-secret')
  return { tenantSecret: Buffer.from(secret), writeRecords: await openWriteRecords(join(dataDir, 'writes.db')) }
}

async function startEmbedded(config: GatewayConfig, log: Logger): Promise<EmbeddedService | null> {
  const service = config.services.find(({ provider }) => provider === 'embedded')
  return service ? startEmbeddedService({ dataDir: config.dataDir, token: service.token, log }) : null
}
