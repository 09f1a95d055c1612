import { join } from 'node:path'
import type { GatewayConfig, ServiceConfig } from '../../config/gateway-config.ts'
import { Informers } from '../../live/informers.ts'
import { combineObservers } from '../../observability/combine-observers.ts'
import { createLogObserver } from '../../observability/log-observer.ts'
import type { Logger } from '../../observability/logger.ts'
import { limitWarnings } from '../../upstream/providers/limits-of.ts'
import type { UpstreamObserver } from '../../upstream/service/upstream-observer.ts'
import {
  createServiceRegistry,
  type RegistryOptions,
  type ServiceRegistry,
} from '../../upstream/tenant/service-registry.ts'
import { openWriteRecords } from '../../upstream/writes/open-write-records.ts'
import { DataDirectoryError, prepareDataDirectory } from './data-directory.ts'
import { embeddedDialRanges } from './embedded-dial-ranges.ts'
import { readSecretFile } from './secret-file.ts'
import { serviceSettingsOf } from './service-settings.ts'
import { type EmbeddedService, startEmbeddedService } from './start-embedded-service.ts'

/** The configured services, ready for requests. */
export interface OpenServices extends AsyncDisposable {
  readonly registry: ServiceRegistry
  readonly live: Informers
  /** False while the embedded service is started again. */
  isUp(): boolean
}

/**
 * Starts the embedded service if one is configured, and makes all services ready. Sends nothing to any other service yet.
 *
 * @param observe gets the upstream events, as the log does
 * @throws {ConfigError} when a service's endpoint is neither given nor known
 * @throws {DataDirectoryError} when an embedded service is configured and the data directory cannot be written
 */
export async function openServices(
  config: GatewayConfig,
  log: Logger,
  observe?: UpstreamObserver,
): Promise<OpenServices> {
  const settings = serviceSettingsOf(config)
  for (const warning of limitWarnings(settings)) log.warn(warning)
  const embedded = await startEmbedded(config, log)
  const records = await openRecords(config, log).catch(async (error) => {
    await embedded?.[Symbol.asyncDispose]()
    throw error
  })
  const located = settings.map((each) =>
    embedded && each.provider === 'embedded' ? { ...each, endpoint: embedded.endpoint, token: embedded.token } : each,
  )
  const registry = createServiceRegistry(located, config.defaultService, {
    proxy: config.proxy,
    ...records,
    observer: combineObservers([createLogObserver(log), ...(observe ? [observe] : [])], log),
    onLesson: (serviceName, lesson) =>
      log.info({ service: serviceName, ...lesson }, 'Learned how a service differs from what was known'),
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

/**
 * Opens the records with which a gateway finishes the writes of the process before it. They contain no tokens.
 *
 * A gateway without an embedded service runs without a data directory as well, such as in a read-only container.
 */
async function openRecords(
  { dataDir, services }: GatewayConfig,
  log: Logger,
): Promise<Pick<RegistryOptions, 'tenantSecret' | 'writeRecords'>> {
  try {
    const { secret } = await readSecretFile(dataDir, 'tenant-secret')
    return { tenantSecret: Buffer.from(secret), writeRecords: await openWriteRecords(join(dataDir, 'writes.db')) }
  } catch (error) {
    if (!(error instanceof DataDirectoryError) || services.some(isEmbedded)) throw error
    log.warn(
      `${error.message}. Writes are on record in memory only: after a restart, their idempotency keys are forgotten`,
    )
    return {}
  }
}

async function startEmbedded(config: GatewayConfig, log: Logger): Promise<EmbeddedService | null> {
  const service = config.services.find(isEmbedded)
  if (!service) return null
  await prepareDataDirectory(config.dataDir)
  const { token, kubo } = service
  const dialRanges = embeddedDialRanges(config)
  return startEmbeddedService({ dataDir: config.dataDir, token, log, dialRanges, ...(kubo && { kubo }) })
}

function isEmbedded({ provider }: ServiceConfig): boolean {
  return provider === 'embedded'
}
