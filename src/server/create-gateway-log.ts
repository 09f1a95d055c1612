import type { GatewayConfig } from '../config/gateway-config.ts'
import { createLogger, type Logger, type LogSink } from '../observability/logger.ts'
import { standardOutput } from '../observability/standard-output.ts'
import { readGatewayToken } from './services/gateway-token.ts'

/** Creates the gateway's log. It hides every token that the gateway holds, including its own for the embedded service. */
export async function createGatewayLog(config: GatewayConfig, sink: LogSink = standardOutput()): Promise<Logger> {
  return createLogger({ level: config.logLevel, secrets: await tokensOf(config), sink })
}

async function tokensOf({ services, dataDir }: GatewayConfig): Promise<string[]> {
  const isEmbedded = services.some(({ provider, token }) => provider === 'embedded' && token === null)
  const own = isEmbedded ? [(await readGatewayToken(dataDir)).token] : []
  return [...own, ...services.flatMap(({ token, kubo }) => [token, kubo?.token].filter((each) => each != null))]
}
