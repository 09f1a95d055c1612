import { setMaxListeners } from 'node:events'
import { type GraphQLError, type GraphQLFormattedError, graphql } from 'graphql'
import { createContext } from '../../src/resolvers/context.ts'
import { createSchema } from '../../src/schema/schema.ts'
import { createIdentifyByTokens } from '../../src/server/caller/identify-by-tokens.ts'
import { clientErrorOf } from '../../src/server/graphql/client-error.ts'
import type { Capabilities } from '../../src/upstream/providers/capabilities.ts'
import { createInformers } from './live-informers.ts'
import { EMULATED_TOKENS } from './providers/emulated-provider.ts'
import { THROW_BUGS } from './throw-bugs.ts'
import { createTestRegistry, type TestRegistryOptions } from './upstream/create-test-registry.ts'

/** The token that is configured for test services unless another, or none, is given. */
export const [ALICE, BOB] = EMULATED_TOKENS

/** Capabilities of the lists of test services, so that a test that is not about strangers counts only its own requests. */
export const NOTHING_TO_CHECK: Partial<Capabilities> = { count: 'matching', multiStatus: true, maxCids: 10 }

/** A call waits for a service that is down for not half as long. */
const TIMEOUT_MS = 3_000

/** `timeoutMs`: 3,000 unless given, so that the error of a service that is down comes soon. */
export interface TestApiOptions extends TestRegistryOptions {
  /** `token`: ALICE unless given. `provider`: a stranger unless given. The first one is the default service. */
  readonly services: readonly {
    readonly name: string
    readonly endpoint: string
    readonly token?: string | null
    readonly provider?: string | null
    /** Default: {@link NOTHING_TO_CHECK}. `{}`: nothing is known. */
    readonly capabilities?: Partial<Capabilities>
  }[]
}

interface QueryOptions {
  /** Names in any case, as in HTTP. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The answer as a client reads it, without the `locations` of errors. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for, and compares the whole of it.
  readonly data?: any
  readonly errors?: readonly GraphQLFormattedError[]
}

/** The schema over real connections to services, without a GraphQL server in front. */
export interface TestApi extends AsyncDisposable {
  /** Runs one operation in a context of its own. Rejects for a bug, where a gateway would say "Unexpected error." */
  query(document: string, variables?: Readonly<Record<string, unknown>>, options?: QueryOptions): Promise<Answer>
}

/** Opens the schema over services; nothing is sent yet. */
export function startTestApi({ services, ...options }: TestApiOptions): TestApi {
  const schema = createSchema()
  const settings = services.map((service) => ({
    token: ALICE,
    provider: null,
    capabilities: NOTHING_TO_CHECK,
    ...service,
  }))
  const live = createInformers()
  const registry = createTestRegistry(settings, settings[0]?.name ?? '', { timeoutMs: TIMEOUT_MS, ...options })
  const identify = createIdentifyByTokens({
    names: settings.map(({ name }) => name),
    defaultName: registry.defaultName,
  })
  return {
    async query(source, variableValues = {}, { headers = {}, signal = new AbortController().signal } = {}) {
      // A thousand lookups may wait for it.
      setMaxListeners(0, signal)
      const caller = await identify({ headers: lowerCased(headers) })
      const contextValue = createContext(registry, live, { caller, signal, requestId: 'test', log: THROW_BUGS })
      const { data, errors } = await graphql({ schema, source, variableValues, contextValue })
      const answer = { ...(data !== undefined && { data }), ...(errors && { errors: errors.map(toClientError) }) }
      return JSON.parse(JSON.stringify(answer)) as Answer
    },
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
    },
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function toClientError(error: GraphQLError): GraphQLFormattedError {
  const seen = clientErrorOf(error)
  if (!seen) throw error.originalError
  const { locations: _, ...rest } = seen.toJSON()
  return rest
}
