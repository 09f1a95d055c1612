import { type ClientOptions, createServiceClient, type ServiceClient } from '../../../src/upstream/http/client.ts'
import { openConnections } from '../../../src/upstream/http/connections.ts'
import { LearnedCapabilities } from '../../../src/upstream/learning/learned-capabilities.ts'
import { SPECIFIED_CAPABILITIES } from '../../../src/upstream/providers/capabilities.ts'

/** Opens the client of a service of which nothing is known. A call takes 10 s at most, unless `timeoutMs` is given. */
export function openClient(options: Pick<ClientOptions, 'name' | 'endpoint'> & Partial<ClientOptions>): ServiceClient {
  const settings = { timeoutMs: 10_000, known: new LearnedCapabilities(SPECIFIED_CAPABILITIES), ...options }
  return createServiceClient(openConnections(settings), settings)
}
