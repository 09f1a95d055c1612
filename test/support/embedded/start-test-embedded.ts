import {
  type EmbeddedInThread,
  type EmbeddedOptions,
  startInThisThread,
} from '../../../src/embedded/start-in-this-thread.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { PsaClient } from './psa-client.ts'

export interface TestEmbedded extends EmbeddedInThread {
  readonly client: PsaClient
  /** Failures that the service reported as its own; empty in a good test. */
  readonly errors: readonly string[]
  /** Notices about the keeper of the content, as `level: message`. */
  readonly notices: readonly string[]
}

/**
 * The embedded service on free ports with two tokens, in a folder of its own unless one is given.
 *
 * It runs in the test's thread: a worker would load all its modules once more for each test.
 */
export async function startTestEmbedded(options: Partial<EmbeddedOptions> = {}): Promise<TestEmbedded> {
  const folder = options.dataDir === undefined ? await temporaryFolder() : null
  const errors: string[] = []
  const notices: string[] = []
  const service = await startInThisThread(
    {
      host: '127.0.0.1',
      port: 0,
      dataDir: folder?.path ?? '',
      tokens: ['token-a', 'token-b'],
      listen: ['/ip4/127.0.0.1/tcp/0'],
      limits: {},
      dialRanges: null,
      gateways: [],
      kubo: null,
      ...options,
    },
    (error) => errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    ({ level, message }) => notices.push(`${level}: ${message}`),
  )
  return {
    ...service,
    errors,
    notices,
    client: new PsaClient(service.endpoint),
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]()
      await folder?.[Symbol.asyncDispose]()
    },
  }
}
