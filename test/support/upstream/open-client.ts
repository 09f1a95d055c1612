import type { NewPin, Pin } from '../../../src/domain/pin.ts'
import { type ClientOptions, createServiceClient, type RemovalOptions } from '../../../src/upstream/http/client.ts'
import { type ConnectionOptions, openConnections } from '../../../src/upstream/http/connections.ts'
import type { ListQuery } from '../../../src/upstream/http/list-query.ts'
import type { PinPage } from '../../../src/upstream/http/pin-page.ts'
import { LearnedCapabilities } from '../../../src/upstream/learning/learned-capabilities.ts'
import { SPECIFIED_CAPABILITIES } from '../../../src/upstream/providers/capabilities.ts'
import { systemClock } from '../../../src/upstream/waiting/clock.ts'

export type TestCallOptions = Omit<RemovalOptions, 'timeoutMs'> & Partial<RemovalOptions>

/** The five calls of a `PinClient`. A call takes 10 s at most, unless its options or those of the client say otherwise. */
export interface TestClient extends AsyncDisposable {
  listPins(query: ListQuery, options: TestCallOptions): Promise<PinPage>
  addPin(pin: NewPin, options: TestCallOptions): Promise<Pin>
  getPin(requestId: string, options: TestCallOptions): Promise<Pin>
  replacePin(requestId: string, pin: NewPin, options: TestCallOptions): Promise<Pin>
  removePin(requestId: string, options: TestCallOptions): Promise<void>
}

/** Opens the client of a service of which nothing is known. */
export function openClient(
  options: Pick<ClientOptions, 'name'> & Pick<ConnectionOptions, 'endpoint'> & Partial<ConnectionOptions>,
): TestClient {
  const settings = { timeoutMs: 10_000, ...options }
  const { timeoutMs } = settings
  const known = new LearnedCapabilities(SPECIFIED_CAPABILITIES)
  const client = createServiceClient(openConnections(settings), { ...settings, known, clock: systemClock })
  return {
    listPins: (query, more) => client.listPins(query, { timeoutMs, ...more }),
    addPin: (pin, more) => client.addPin(pin, { timeoutMs, ...more }),
    getPin: (requestId, more) => client.getPin(requestId, { timeoutMs, ...more }),
    replacePin: (requestId, pin, more) => client.replacePin(requestId, pin, { timeoutMs, ...more }),
    removePin: (requestId, more) => client.removePin(requestId, { timeoutMs, ...more }),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}
