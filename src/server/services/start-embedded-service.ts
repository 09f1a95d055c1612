import { setTimeout as delay } from 'node:timers/promises'
import { type PinningServiceOptions, startPinningService } from '../../embedded/start-pinning-service.ts'
import type { Logger } from '../../observability/logger.ts'
import { readGatewayToken } from './gateway-token.ts'

/** The embedded pinning service of a gateway. It is started again if it ends by itself. */
export interface EmbeddedService extends AsyncDisposable {
  /** Stays the same after a restart. */
  readonly endpoint: string
  /** The gateway's token for the service. */
  readonly token: string
  /** False while the service is started again. */
  isUp(): boolean
  /** Stops all transfers for good, while the service answers on. Called when the gateway begins to stop. */
  stopTransfers(): void
}

const FIRST_RESTART_MS = 250
const LAST_RESTART_MS = 60_000
/** Milliseconds of running after which a service that crashes is started again after the first wait, and not after a longer one. */
const STEADY_MS = 60_000

/**
 * Starts the embedded pinning service for this gateway only: on loopback, with a token that only the gateway knows.
 *
 * @param options.token from the configuration. Null for the one in `dataDir`, which is made if it is missing.
 * @param options.dialRanges origins that the service may dial. Clients of the gateway name origins.
 * @param options.announce, options.listen as for `startPinningService`
 * @param options.kubo as for `startPinningService`
 * @throws {Error} when `dataDir` cannot be used
 */
export async function startEmbeddedService(
  options: { token: string | null; log: Logger } & Pick<
    PinningServiceOptions,
    'announce' | 'dataDir' | 'kubo' | 'dialRanges' | 'listen'
  >,
): Promise<EmbeddedService> {
  const { dataDir, kubo, dialRanges, announce, listen, log } = options
  const token = options.token ?? (await readGatewayToken(dataDir)).token
  const onError = (text: string) => log.error({ text }, 'The embedded pinning service met an unexpected error')
  const start = (port: number) =>
    startPinningService({
      dataDir,
      port,
      tokens: [token],
      onError,
      onNotice: ({ level, message }) => log[level](message),
      ...(dialRanges && { dialRanges }),
      ...(kubo && { kubo }),
      ...(announce && { announce }),
      ...(listen && { listen }),
    })

  let service = await start(0)
  let isUp = true
  let hasTransfers = true
  const { endpoint } = service
  const stopping = new AbortController()
  const { signal } = stopping

  /** Starts the service again whenever it ends by itself. Resolves once it is disposed. */
  async function keepUp(): Promise<void> {
    for (let failures = 0; ; failures++) {
      const startedAt = performance.now()
      try {
        // At the same port, since the gateway uses its endpoint by now.
        if (!isUp) service = await start(Number(new URL(endpoint).port))
        isUp = true
        if (!hasTransfers) service.stopTransfers()
        if (signal.aborted) await service[Symbol.asyncDispose]()
        await service.closed
        return
      } catch (err) {
        isUp = false
        if (performance.now() - startedAt > STEADY_MS) failures = 0
        const waitMs = Math.min(FIRST_RESTART_MS * 2 ** failures, LAST_RESTART_MS)
        log.error({ err, waitMs }, 'The embedded pinning service ended by itself, and is started again')
        await delay(waitMs, null, { signal }).catch(() => {})
        if (signal.aborted) return
      }
    }
  }
  const kept = keepUp()
  return {
    endpoint,
    token,
    isUp: () => isUp,
    stopTransfers: () => {
      hasTransfers = false
      service.stopTransfers()
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await service[Symbol.asyncDispose]()
      await kept
    },
  }
}
