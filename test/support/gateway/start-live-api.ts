import { parse, subscribe } from 'graphql'
import type { Informers } from '../../../src/live/informers.ts'
import { createContext, type GatewayContext } from '../../../src/resolvers/context.ts'
import { createSchema } from '../../../src/schema/schema.ts'
import type { ServiceRegistry } from '../../../src/upstream/tenant/service-registry.ts'
import { createInformers } from '../live-informers.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../providers/emulated-provider.ts'
import type { ProviderProfile } from '../providers/provider-profile.ts'
import { THROW_BUGS } from '../throw-bugs.ts'
import { createTestRegistry } from '../upstream/create-test-registry.ts'

/** The token that is configured for the service. */
export const TOKEN = 'alice-token'

/** Live status of one service named `a`, without a GraphQL server in front. */
export interface LiveApi extends AsyncDisposable {
  readonly service: EmulatedProvider
  readonly registry: ServiceRegistry
  readonly live: Informers
  readonly context: GatewayContext
  /** Subscribes to a field with its arguments. What comes are events as JSON, errors, and `done` at the end. */
  subscribe(
    field: string,
    selection: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<{ next(): Promise<unknown> }>
}

export async function startLiveApi(profile: ProviderProfile): Promise<LiveApi> {
  const service = await startEmulatedProvider(profile)
  const settings = { name: 'a', endpoint: service.endpoint, token: TOKEN, provider: null }
  const registry = createTestRegistry([settings], 'a')
  const live = createInformers()
  const context = createContext(registry, live, {
    caller: { tokenFor: () => null },
    signal: new AbortController().signal,
    requestId: 'test',
    log: THROW_BUGS,
  })
  return {
    service,
    registry,
    live,
    context,
    async subscribe(field, selection, variableValues = {}) {
      const document = parse(`subscription ($ids: [ID!]! = []) { ${field} ${selection} }`)
      const stream = await subscribe({ schema: createSchema(), document, variableValues, contextValue: context })
      if (!(Symbol.asyncIterator in stream)) throw new AggregateError(stream.errors ?? [], 'expected a stream')
      return {
        async next() {
          const { done, value } = await stream.next()
          if (done) return 'done'
          return JSON.parse(JSON.stringify(Object.values(value.data ?? {})[0] ?? value.errors)) as unknown
        },
      }
    },
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}
