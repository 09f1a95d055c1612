import { existsSync } from 'node:fs'
import type { GatewayConfig } from '../../config/gateway-config.ts'
import { PinRoom } from '../../domain/pin-room.ts'
import { Informers } from '../../live/informers.ts'
import { combineObservers } from '../../observability/combine-observers.ts'
import { createLogObserver } from '../../observability/log-observer.ts'
import type { Logger } from '../../observability/logger.ts'
import { openDirectoryWarning } from '../../storage/private-files.ts'
import type { UpstreamObserver } from '../../upstream/observing/upstream-observer.ts'
import { limitWarnings } from '../../upstream/providers/limits-of.ts'
import { createServiceRegistry, type ServiceRegistry } from '../../upstream/tenant/service-registry.ts'
import { prepareDataDirectory } from './data-directory.ts'
import { embeddedDialRanges } from './embedded-dial-ranges.ts'
import { openState } from './open-state.ts'
import { quarterOfHeap } from './quarter-of-heap.ts'
import { serviceSettingsOf } from './service-settings.ts'
import { type EmbeddedService, startEmbeddedService } from './start-embedded-service.ts'

/** The configured services, ready for requests. */
export interface OpenServices extends AsyncDisposable {
  readonly registry: ServiceRegistry
  readonly live: Informers
  /** False while the embedded service is started again. */
  isUp(): boolean
  /** Stops the transfers of the embedded service, which answers on. */
  stopTransfers(): void
}

/**
 * Starts the embedded service if one is configured, and makes all services ready. Sends nothing to any other service yet,
 * unless an earlier process left writes of a configured token unfinished.
 *
 * @param observe gets the upstream events, as the log does
 * @param open opens the state. Default: that of a gateway that is alone.
 * @throws {ConfigError} when a service's endpoint is neither given nor known
 * @throws {DataDirectoryError} when an embedded service is configured and the data directory cannot be written
 */
export async function openServices(
  config: GatewayConfig,
  log: Logger,
  observe?: UpstreamObserver,
  open: typeof openState = openState,
): Promise<OpenServices> {
  const settings = serviceSettingsOf(config)
  warnOfOpenDirectory(config, log)
  for (const warning of limitWarnings(settings)) log.warn(warning)
  const embedded = await startEmbedded(config, log)
  const state = await open(config, log).catch(async (error) => {
    await embedded?.[Symbol.asyncDispose]()
    throw error
  })
  const located = settings.map((each) =>
    embedded && each.provider === 'embedded' ? { ...each, endpoint: embedded.endpoint, token: embedded.token } : each,
  )
  const roomBytes = quarterOfHeap()
  const registry = createServiceRegistry(located, config.defaultService, {
    proxy: config.proxy,
    createBudget: state.createBudget,
    writeRecords: state.writeRecords,
    tenantSecret: state.tenantSecret,
    room: new PinRoom(roomBytes),
    observer: combineObservers([createLogObserver(log), ...(observe ? [observe] : [])], log),
    onLesson: (serviceName, lesson) =>
      log.info({ service: serviceName, ...lesson }, 'Learned how a service differs from what was known'),
  })
  const live = new Informers({ createEventLog: state.createEventLog, room: new PinRoom(roomBytes) })
  return {
    registry,
    live,
    isUp: () => embedded?.isUp() ?? true,
    stopTransfers: () => embedded?.stopTransfers(),
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await state[Symbol.asyncDispose]()
      await embedded?.[Symbol.asyncDispose]()
    },
  }
}

/** Warns of an existing data directory that others may use. */
function warnOfOpenDirectory({ dataDir }: GatewayConfig, log: Logger): void {
  const warning = existsSync(dataDir) ? openDirectoryWarning(dataDir) : null
  if (warning !== null) log.warn(warning)
}

async function startEmbedded(config: GatewayConfig, log: Logger): Promise<EmbeddedService | null> {
  const service = config.services.find(({ provider }) => provider === 'embedded')
  if (!service) return null
  await prepareDataDirectory(config.dataDir)
  const { token, kubo } = service
  const dialRanges = embeddedDialRanges(config)
  const { dataDir, announce, listen } = config
  return startEmbeddedService({
    dataDir,
    token,
    log,
    dialRanges,
    ...(announce && { announce }),
    ...(listen && { listen }),
    ...(kubo && { kubo }),
  })
}
