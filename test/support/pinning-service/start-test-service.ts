import {
  type PinningServiceOptions,
  type RunningPinningService,
  startPinningService,
} from '../../../src/pinning-service/start-pinning-service.ts'
import { PsaClient } from './psa-client.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface TestService extends RunningPinningService {
  readonly client: PsaClient
  /** Failures that the service reported as its own; empty in a good test. */
  readonly errors: readonly string[]
}

/** The embedded service on free ports with two tokens, in a folder of its own unless one is given. */
export async function startTestService(options: Partial<PinningServiceOptions> = {}): Promise<TestService> {
  const folder = options.dataDir === undefined ? await temporaryFolder() : null
  const errors: string[] = []
  const service = await startPinningService({
    dataDir: folder?.path ?? '',
    tokens: ['token-a', 'token-b'],
    onError: (message) => errors.push(message),
    ...options,
  })
  return {
    ...service,
    errors,
    client: new PsaClient(service.endpoint),
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]()
      await folder?.[Symbol.asyncDispose]()
    },
  }
}
