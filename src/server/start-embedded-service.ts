import type { Logger } from '../observability/logger.ts'
import { type RunningPinningService, startPinningService } from '../pinning-service/start-pinning-service.ts'
import { readGatewayToken } from './gateway-token.ts'

export interface EmbeddedService extends RunningPinningService {
  /** What the gateway may use it with. */
  readonly token: string
}

/**
 * Starts the embedded pinning service for this gateway alone: on loopback, with a token that only the gateway knows.
 *
 * @param options.token from the configuration; null to make one, once, and keep it in `dataDir`
 * @throws {Error} when `dataDir` cannot be used
 */
export async function startEmbeddedService(options: {
  dataDir: string
  token: string | null
  log: Logger
}): Promise<EmbeddedService> {
  const { dataDir, log } = options
  const token = options.token ?? (await readGatewayToken(dataDir)).token
  const onError = (text: string) => log.error({ text }, 'The embedded pinning service met an unexpected error')
  const service = await startPinningService({ dataDir, tokens: [token], onError })
  return Object.assign(service, { token })
}
