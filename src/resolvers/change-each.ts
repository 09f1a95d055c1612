import { BadRequestError, PinqlError, ServiceUnavailableError } from '../domain/errors.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { Tenant } from '../upstream/tenant/tenant.ts'
import type { GatewayContext } from './context.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { type Outcome, outcomeOf } from './outcome.ts'

/** Changes of one request in flight at once: enough to hide latency, too few to use up a service's whole limit. */
const CHANGE_CONCURRENCY = 8
export const MAX_CHANGES = 1000

/**
 * Makes many changes. Returns the outcome of each, in the order of the items.
 *
 * More than 1,000 items are not an error of the whole list: each of them is refused, so that the results of the operation's other
 * changes are not lost.
 *
 * @param argument that holds the items, for the error
 * @param prepare checks an item or looks it up. Runs for all items at once, so that lookups share requests
 * @param change sends one change. Runs for eight items at a time, and not for an item whose preparation failed
 */
export async function changeEach<Item, Ready, Result>(
  items: readonly Item[],
  argument: string,
  prepare: (item: Item, index: number) => Ready | Promise<Ready>,
  change: (ready: Ready) => Promise<Result>,
): Promise<Outcome<Result>[]> {
  if (items.length > MAX_CHANGES) {
    const tooMany = BadRequestError.of(argument, `at most ${MAX_CHANGES} items`, `${items.length} items`)
    return items.map(() => tooMany)
  }
  const ready = await Promise.all(items.map((item, index) => outcomeOf(() => prepare(item, index))))
  return mapConcurrently(ready, CHANGE_CONCURRENCY, async (each) =>
    each instanceof PinqlError ? each : outcomeOf(() => change(each)),
  )
}

/**
 * Returns the caller's tenant at a service, for a change that is sent now.
 *
 * A client that leaves does not stop a change that was sent, since its outcome would be unknown then. After the client has left or
 * the request's deadline has passed, no change is sent.
 *
 * @throws {ServiceUnavailableError} when it is too late to send a change
 * @throws what `context.tenant` throws
 */
export function tenantToChange(serviceName: string, context: GatewayContext): Tenant {
  const tenant = context.tenant(serviceName)
  if (context.signal.aborted) throw tooLate(serviceName)
  return tenant
}

/**
 * Makes a change, and has later fields of the request read again what the change may have changed.
 *
 * They read again after a failure too, since the service may have made the change all the same.
 *
 * @param ref the pin that is changed; null for a new one
 */
export async function change<Value>(
  context: GatewayContext,
  ref: PinRef | null,
  make: () => Promise<Value>,
): Promise<Value> {
  try {
    return await make()
  } finally {
    context.forgetLookups(ref)
  }
}

/** Makes the failure of a change that was never sent. */
export function tooLate(serviceName: string): ServiceUnavailableError {
  return new ServiceUnavailableError(`${serviceName} was not asked: the time for the whole request was over before`, {
    service: serviceName,
  })
}
