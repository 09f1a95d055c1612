import { parseCid } from '../../src/domain/cid.ts'
import { type NewPin, PIN_STATUSES } from '../../src/domain/pin.ts'
import { exampleCid } from './providers/example-cid.ts'
import type { TestCallOptions, TestClient } from './upstream/open-client.ts'

export const NEW_PIN: NewPin = { cid: parseCid(exampleCid(1)), name: null, origins: [], meta: {} }

/** The five operations, each as one call. */
export const OPERATIONS: Readonly<
  Record<string, (client: TestClient, options: TestCallOptions, requestId: string) => Promise<unknown>>
> = {
  list: (client, options) => client.listPins({ statuses: PIN_STATUSES, limit: 10 }, options),
  get: (client, options, requestId) => client.getPin(requestId, options),
  add: (client, options) => client.addPin(NEW_PIN, options),
  replace: (client, options, requestId) => client.replacePin(requestId, NEW_PIN, options),
  remove: (client, options, requestId) => client.removePin(requestId, options),
}
