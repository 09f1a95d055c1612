import type { ExecutionResult } from 'graphql'
import { type ConfigInput, parseConfig } from '../../src/config/parse-config.ts'
import { startGateway } from '../../src/server/start-gateway.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Settings of the gateway, and two short cuts. */
export interface TestGatewayOptions extends ConfigInput {
  /** Endpoint of the only service, which is then named `test` and used with the token `test-token`. */
  readonly upstream?: string
}

export interface TestGateway extends AsyncDisposable {
  /** Of /graphql. */
  readonly url: string
  /** The lines logged so far. */
  readonly logged: readonly string[]
  /** Asks by POST, as a client would, and returns data and errors as they came. */
  query<Data = Record<string, unknown>>(
    document: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<ExecutionResult<Data>>
}

/**
 * Starts the real gateway on a free port. Without services or `upstream` it runs the embedded service, in a folder that is
 * removed afterwards unless `dataDir` is given.
 */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { upstream, ...settings } = options
  const folder = await temporaryFolder()
  const logged: string[] = []
  const config = parseConfig({
    port: 0,
    dataDir: folder.path,
    ...(upstream === undefined ? {} : { services: { test: { endpoint: upstream, token: 'test-token' } } }),
    ...settings,
  })
  const gateway = await startGateway(config, { logSink: { write: (line) => void logged.push(line) } })
  return {
    url: gateway.url,
    logged,
    async query<Data>(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>) {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      })
      return (await response.json()) as ExecutionResult<Data>
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
