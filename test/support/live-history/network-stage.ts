import { parseConfig } from '../../../src/config/parse-config.ts'
import type { Informers } from '../../../src/live/informers.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createSchema } from '../../../src/schema/schema.ts'
import { createFrontDoor } from '../../../src/server/create-front-door.ts'
import { startHttpServer } from '../../../src/server/http/http-server.ts'
import type { RateLimit } from '../../../src/upstream/budget/rate-limit.ts'
import { USUAL_CAPABILITIES } from '../../../src/upstream/providers/capabilities.ts'
import type { ServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'
import { startFaultProxy } from '../fault-proxy.ts'
import { createInformers } from '../live-informers.ts'
import { ModelService } from '../model/model-service.ts'
import { serveModelService } from '../model/serve-model-service.ts'
import { createTestRegistry } from '../upstream/create-test-registry.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { type HistoryStage, SERVICE } from './history-stage.ts'
import { openSocket, openStream, operationOf } from './subscribe-over-network.ts'
import { makeTrouble } from './trouble.ts'

/** A second of the clock passes in 50 ms. */
const SPEED = 20
/** A request without an answer fails after this many milliseconds. */
const TIMEOUT_MS = 1_000
const LIMITS: readonly RateLimit[] = [{ limit: 1_000_000, windowMs: 1000, scope: 'address', endpoint: 'all' }]

/**
 * The gateway's servers over a service on HTTP, with clients over WebSockets and event streams; a fault proxy stands
 * before the service, and another before the gateway.
 */
export async function startNetworkStage(random: () => number): Promise<HistoryStage> {
  const clock = new VirtualClock()
  const running = clock.runAt(SPEED)
  const upstream = new ModelService({ clock })
  const service = await serveModelService(upstream)
  const serviceProxy = await startFaultProxy(service.endpoint, { seed: Math.floor(random() * 1e9) })
  const settings = { name: SERVICE, endpoint: serviceProxy.endpoint, token: null, provider: null, limits: LIMITS }
  const registry = createTestRegistry([{ ...settings, capabilities: USUAL_CAPABILITIES }], SERVICE, {
    clock,
    timeoutMs: TIMEOUT_MS,
  })
  const live = createInformers({ random })
  const gateway = await startServers(registry, live)
  const clientProxy = await startFaultProxy(gateway.url, { seed: Math.floor(random() * 1e9) })
  const troubled = { service: makeTrouble(serviceProxy, random), clients: makeTrouble(clientProxy, random) }
  return {
    clock,
    upstream,
    live,
    get troubles() {
      return new Map(
        Object.entries(troubled).flatMap(([side, { counts }]) =>
          [...counts].map(([kind, count]) => [`${side}: ${kind}`, count] as const),
        ),
      )
    },
    tenant: (token) => registry.tenant(SERVICE, token),
    open(token, selection, options) {
      const open = random() < 0.5 ? openSocket : openStream
      return open(clientProxy.endpoint, token, operationOf(selection, options))
    },
    advance: (ms) => clock.sleep(ms),
    trouble() {
      for (const trouble of Object.values(troubled)) trouble.start()
    },
    async calm() {
      await Promise.all(Object.values(troubled).map((trouble) => trouble.stop()))
    },
    async [Symbol.asyncDispose]() {
      await clientProxy[Symbol.asyncDispose]()
      await gateway[Symbol.asyncDispose]()
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await serviceProxy[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
      await running[Symbol.asyncDispose]()
    },
  }
}

/** The gateway as `startGateway` makes it, over services with a clock of their own. */
async function startServers(registry: ServiceRegistry, live: Informers) {
  const config = parseConfig({
    port: 0,
    services: { [SERVICE]: { endpoint: 'http://127.0.0.1:9' } },
    liveDrainMs: 0,
    shutdownTimeoutMs: 0,
    livePingMs: 1_000,
    liveStallMs: 2_000,
  })
  const log = createLogger({ level: 'error', secrets: [], sink: process.stderr })
  const door = createFrontDoor(config, { schema: createSchema(), registry, live, isReady: () => true, log })
  const { handle, upgrade, drain, inFlight, httpConnections: connections } = door
  const http = await startHttpServer(handle, { ...config, upgrade, drain, inFlight, connections })
  return {
    url: `http://127.0.0.1:${http.port}/graphql`,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      door[Symbol.dispose]()
    },
  }
}
