import { parseConfig } from '../../../src/config/parse-config.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createFrontDoor } from '../../../src/server/create-front-door.ts'
import { startHttpServer } from '../../../src/server/http/http-server.ts'
import { openServices } from '../../../src/server/services/open-services.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
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
  const { registry, live } = services
  const door = createFrontDoor(
    { ...config, liveDrainMs: 0 },
    { schema: createTomorrowSchema(), registry, live, isReady: () => true, log },
  )
  const { handle, upgrade, drain, inFlight, httpConnections: connections } = door
  const http = await startHttpServer(handle, { ...config, upgrade, drain, inFlight, connections })
  return {
    name: 'tomorrow',
    url: `http://127.0.0.1:${http.port}/graphql`,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      door[Symbol.dispose]()
      await services[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
