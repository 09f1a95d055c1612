import { parseConfig } from '../../../src/config/parse-config.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { answerJson } from '../../../src/server/answer-json.ts'
import { createGraphqlServer } from '../../../src/server/create-graphql-server.ts'
import { startHttpServer } from '../../../src/server/http-server.ts'
import { createLiveServer } from '../../../src/server/live/create-live-server.ts'
import { openServices } from '../../../src/server/open-services.ts'
import { createRequestGuard } from '../../../src/server/request-guard.ts'
import { createRequestListener } from '../../../src/server/request-listener.ts'
import { routeGraphql } from '../../../src/server/route-graphql.ts'
import { temporaryFolder } from '../../support/pinning-service/temporary-folder.ts'
import { type ClientServer, SERVICE_TOKEN, startAdvancingService } from './client-server.ts'
import { createTomorrowSchema } from './tomorrow-schema.ts'

/** Starts the gateway of this source with the schema of `createTomorrowSchema`, composed as `startGateway` does it. */
export async function startTomorrowServer(): Promise<ClientServer> {
  const folder = await temporaryFolder()
  const service = await startAdvancingService()
  const config = parseConfig({
    port: 0,
    dataDir: folder.path,
    services: { local: { endpoint: service.endpoint, token: SERVICE_TOKEN } },
  })
  const log = createLogger({ level: 'error', secrets: [SERVICE_TOKEN], sink: process.stderr })
  const services = await openServices(config, log)
  const guard = createRequestGuard(config)
  const parts = { schema: createTomorrowSchema(), registry: services.registry, live: services.live, log }
  const graphql = createGraphqlServer({ ...config, ...parts })
  const live = createLiveServer({ ...config, liveDrainMs: 0 }, { ...parts, graphql, guard })
  const listener = createRequestListener({
    guard,
    graphql: routeGraphql(live, answerJson(graphql, config.maxRequestBytes), config.maxRequestBytes),
    isReady: () => true,
    log,
  })
  const http = await startHttpServer(listener, {
    ...config,
    upgrade: (request, socket, head) => live.upgrade(request, socket, head),
    drain: () => live.drain(config.shutdownTimeoutMs),
  })
  return {
    name: 'tomorrow',
    url: `http://127.0.0.1:${http.port}/graphql`,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      live[Symbol.dispose]()
      await services[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
