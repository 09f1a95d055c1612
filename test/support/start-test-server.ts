import { buildSchema } from 'graphql'
import { parseConfig } from '../../src/config/parse-config.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createFrontDoor } from '../../src/server/create-front-door.ts'
import { startHttpServer } from '../../src/server/http/http-server.ts'
import { createInformers } from './live-informers.ts'
import { createTestRegistry } from './upstream/create-test-registry.ts'

/** The context of a resolver that a test brings. */
export interface ResolverContext {
  readonly signal: AbortSignal
  readonly requestId: string
}

export interface TestServer extends AsyncDisposable {
  readonly url: string
  /** Each log line, parsed. */
  readonly logged: readonly Record<string, unknown>[]
}

/**
 * Starts the gateway's server around a schema of the test's own, for what no real resolver does.
 *
 * @param fields name and resolver of each field of `Query`; all are nullable strings
 */
export async function startTestServer(
  fields: Record<string, (context: ResolverContext) => unknown>,
  settings: { requestTimeoutMs?: number; shutdownTimeoutMs?: number; maxRequestBytes?: number } = {},
): Promise<TestServer> {
  const config = parseConfig({ port: 0, services: { test: { endpoint: 'http://127.0.0.1:9' } }, ...settings })
  const schema = buildSchema(`type Query { ${Object.keys(fields).join(': String ')}: String }`)
  for (const [name, field] of Object.entries(schema.getQueryType()?.getFields() ?? {})) {
    field.resolve = (_root, _args, context: ResolverContext) => fields[name]?.(context)
  }
  const logged: Record<string, unknown>[] = []
  const log = createLogger({
    level: 'debug',
    secrets: [],
    sink: { write: (line) => void logged.push(JSON.parse(line)) },
  })
  const registry = createTestRegistry([], 'test')
  const live = createInformers()
  const door = createFrontDoor(config, { schema, registry, live, isReady: () => true, log })
  const server = await startHttpServer(door.handle, {
    ...config,
    inFlight: door.inFlight,
    connections: door.httpConnections,
  })
  return { ...server, url: `http://127.0.0.1:${server.port}/graphql`, logged }
}
