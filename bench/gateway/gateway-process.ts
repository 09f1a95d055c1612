import { parseConfig } from '../../src/config/parse-config.ts'
import { startGateway } from '../../src/server/start-gateway.ts'
import type { RateLimit } from '../../src/upstream/budget/rate-limit.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { serve } from './start-process.ts'

/** The gateway in its default configuration, in front of one service named `test`. Its log is discarded. */
serve(async ({ endpoint, limits }: { endpoint: string; limits: readonly RateLimit[] }) => {
  const folder = await temporaryFolder()
  const config = parseConfig({ port: 0, dataDir: folder.path, services: { test: { endpoint } } })
  const services = config.services.map((service) => ({ ...service, limits }))
  const gateway = await startGateway({ ...config, services }, { logSink: { write: () => {} } })
  return { url: gateway.url }
})
