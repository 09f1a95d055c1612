import { PinNotFoundError } from '../../domain/errors.ts'
import type { PinClient } from '../http/client.ts'
import { type TenantObserver, UNKNOWN_AGE } from './tenant-observer.ts'

/** Wraps a client so that an observer sees each of its answers too. */
export function observeClient(client: PinClient, observer: TenantObserver): PinClient {
  return {
    async listPins(query, options) {
      const ticket = observer.sent()
      const page = await client.listPins(query, options)
      observer.seen(page.pins, ticket)
      return page
    },
    async addPin(newPin, options) {
      const ticket = observer.sent()
      const pin = await client.addPin(newPin, options)
      observer.added(pin, ticket)
      return pin
    },
    async getPin(requestId, options) {
      const ticket = observer.sent()
      const pin = await client.getPin(requestId, options)
      observer.seen([pin], ticket)
      return pin
    },
    async replacePin(requestId, newPin, options) {
      const ticket = observer.sent()
      const pin = await client.replacePin(requestId, newPin, options)
      observer.replaced(requestId, pin, ticket)
      return pin
    },
    async removePin(requestId, options) {
      const tell = (): void => {
        if (options.successor) observer.replaced(requestId, options.successor, UNKNOWN_AGE)
        else observer.removed(requestId)
      }
      try {
        await client.removePin(requestId, options)
      } catch (error) {
        // The pin may be gone because an earlier try removed it and its answer was lost.
        if (error instanceof PinNotFoundError) tell()
        throw error
      }
      tell()
    },
  }
}
