import { parseConfig } from '../../src/config/parse-config.ts'
import { createLogger } from '../../src/observability/logger.ts'
import type { CallerTenant } from '../../src/resolvers/caller-tenant.ts'
import { createSchema } from '../../src/schema/schema.ts'
import { createFrontDoor } from '../../src/server/create-front-door.ts'
import { startHttpServer } from '../../src/server/http/http-server.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import type { WriteRecords } from '../../src/upstream/writes/write-records.ts'
import { createInformers } from './live-informers.ts'
import { compliant } from './providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from './providers/emulated-provider.ts'
import { ALICE, NOTHING_TO_CHECK } from './start-test-api.ts'
import { createTestRegistry } from './upstream/create-test-registry.ts'

/** Bugs of pinql: methods of a tenant that take the place of its own. A method that returns undefined leaves the call to the tenant. */
export type Bugs = { readonly [Method in keyof CallerTenant]?: (service: string, ...args: never[]) => unknown }

export interface FaultyServer extends AsyncDisposable {
  /** The services `one` and `two`. */
  readonly services: Readonly<Record<'one' | 'two', EmulatedProvider>>
  /** Log lines of errors, parsed. */
  readonly errors: readonly Record<string, unknown>[]
  query(document: string, variables?: Record<string, unknown>): Promise<{ id: string | null; body: unknown }>
}

/** Starts the gateway in front of the services `one` and `two`, with bugs between its resolvers and them. */
export async function startFaultyServer(bugs: Bugs, writeRecords?: WriteRecords): Promise<FaultyServer> {
  const services = { one: await startEmulatedProvider(compliant), two: await startEmulatedProvider(compliant) }
  const settings = Object.entries(services).map(([name, { endpoint }]) => ({
    name,
    endpoint,
    token: ALICE,
    provider: null,
    capabilities: NOTHING_TO_CHECK,
  }))
  const config = parseConfig({ port: 0, services: { one: { endpoint: services.one.endpoint } } })
  const errors: Record<string, unknown>[] = []
  const log = createLogger({
    level: 'error',
    secrets: [],
    sink: { write: (line) => void errors.push(JSON.parse(line)) },
  })
  const registry = createTestRegistry(settings, 'one', writeRecords && { writeRecords })
  const faulty = { ...registry, tenant: (...args: [string, string | null]) => withBugs(registry.tenant(...args), bugs) }
  const live = createInformers()
  const door = createFrontDoor(config, { schema: createSchema(), registry: faulty, live, isReady: () => true, log })
  const { inFlight, httpConnections: connections } = door
  const server = await startHttpServer(door.handle, { ...config, inFlight, connections })
  return {
    services,
    errors,
    async query(query, variables) {
      const response = await fetch(`http://127.0.0.1:${server.port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      return { id: response.headers.get('x-request-id'), body: await response.json() }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await Promise.all(Object.values(services).map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

function withBugs(tenant: Tenant, bugs: Bugs): Tenant {
  return new Proxy(tenant, {
    get(target, key: keyof Bugs) {
      const own: unknown = Reflect.get(target, key, target)
      if (typeof own !== 'function') return own
      const bug = bugs[key] as ((service: string, ...args: unknown[]) => unknown) | undefined
      return (...args: unknown[]) => bug?.(target.service, ...args) ?? Reflect.apply(own, target, args)
    },
  })
}
