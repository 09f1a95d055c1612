import { PIN_STATUSES } from '../../domain/pin.ts'
import type { Gate } from '../breaker/gate.ts'
import { isOutage } from '../breaker/service-breakers.ts'
import type { ServiceCall } from './service-call.ts'

/** What a probe asks. */
export type Probe = Pick<ServiceCall<unknown>, 'endpoint' | 'send'>

/** A request id that no pin has. */
const NOBODY = 'pinql-is-anybody-there'

/** The shortest read. Its success shows that the service is back. */
export const LIST_PROBE: Probe = {
  endpoint: 'list',
  send: (client, options) => client.listPins({ statuses: PIN_STATUSES, limit: 1 }, options),
}

/**
 * Asks for a pin that is not there, where lists are short. An answer shows that somebody is there, and no more: lists and
 * changes may still fail. So it does not close the breaker, but lets one change through, which can.
 */
export function knock(gate: Gate): Probe {
  return {
    endpoint: 'item',
    async send(client, options) {
      try {
        await client.getPin(NOBODY, options)
      } catch (error) {
        if (isOutage(error)) throw error
      }
      queueMicrotask(() => gate.tryChange())
      // Breakers learn nothing from what is no error of the domain.
      throw new Error('a service that was down has answered')
    },
  }
}
