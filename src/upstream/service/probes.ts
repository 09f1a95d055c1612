import { PIN_STATUSES } from '../../domain/pin.ts'
import type { ServiceBreakers } from '../breaker/service-breakers.ts'
import { verdictOf } from '../breaker/verdict.ts'
import type { ServiceCall } from './service-call.ts'

/** The request of a probe: a read that finds out whether a service is back, in place of a change that waits. */
export type Probe = Pick<ServiceCall<unknown>, 'endpoint' | 'send'>

/** A request id that no pin has. */
const ABSENT_REQUEST_ID = 'pinql-is-anybody-there'

/** The shortest read. Its success shows that the service is back. */
export const LIST_PROBE: Probe = {
  endpoint: 'list',
  send: (client, options) => client.listPins({ statuses: PIN_STATUSES, limit: 1 }, options),
}

/**
 * Makes a probe for a service whose limit has no room for a list: it reads a pin that does not exist.
 *
 * Any answer shows that the service can be reached. But lists and changes may still fail, so the answer does not close the
 * breaker. It lets one waiting change through. The answer to that change closes the breaker.
 */
export function pinProbe(tenantKey: string, breakers: ServiceBreakers): Probe {
  return {
    endpoint: 'item',
    async send(client, options) {
      try {
        await client.getPin(ABSENT_REQUEST_ID, options)
      } catch (error) {
        if (verdictOf(error) === 'outage') throw error
      }
      queueMicrotask(() => breakers.tryChange(tenantKey))
      // Breakers learn nothing from an error that is no `PinqlError`.
      throw new Error('a service that was down has answered')
    },
  }
}
