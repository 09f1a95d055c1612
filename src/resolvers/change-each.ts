import { BadRequestError, PinqlError, ServiceUnavailableError } from '../domain/errors.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { Tenant } from '../upstream/tenant/tenant.ts'
import type { GatewayContext } from './context.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { settle } from './settle.ts'

/** Writes under way at once of one request: enough to hide latency, too few to take a service's whole allowance. */
const WRITE_CONCURRENCY = 8
export const MAX_CHANGES = 1000

/**
 * Makes many changes, each with its own outcome, in the order of the items.
 *
 * More than 1,000 are each refused: what else the operation did must not be lost with them.
 *
 * @param argument that holds the items, for the error
 * @param prepare checks or looks up an item; runs for all of them at once, so that lookups share requests
 * @param change sends one change; runs for eight at a time. Not called for an item whose preparation failed
 */
export async function changeEach<Item, Ready, Result>(
  items: readonly Item[],
  argument: string,
  prepare: (item: Item, index: number) => Ready | Promise<Ready>,
  change: (ready: Ready) => Promise<Result>,
): Promise<(Result | PinqlError)[]> {
  if (items.length > MAX_CHANGES) {
    const tooMany = BadRequestError.of(argument, `at most ${MAX_CHANGES} items`, `${items.length} items`)
    return items.map(() => tooMany)
  }
  const ready = await Promise.all(items.map((item, index) => settle(() => prepare(item, index))))
  return mapConcurrently(ready, WRITE_CONCURRENCY, async (each) =>
    each instanceof PinqlError ? each : settle(() => change(each)),
  )
}

/**
 * The caller's pins at a service, to be changed now.
 *
 * A change that has begun is not stopped by a client that goes away, since its outcome would be unknown; but none begins
 * after that, or after the time that the request may take.
 *
 * @throws {ServiceUnavailableError} when it is too late to begin
 * @throws what `context.tenant` throws
 */
export function tenantToChange(service: string, context: GatewayContext): Tenant {
  const tenant = context.tenant(service)
  if (context.signal.aborted) throw tooLate(service)
  return tenant
}

/**
 * Makes a change, and has the request look again at what it may have changed: also where the change failed, since it may
 * have been made all the same.
 *
 * @param ref the pin that is changed; none for a new one
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

/** The error of a change that has not begun. */
export function tooLate(service: string): ServiceUnavailableError {
  return new ServiceUnavailableError(`${service} was not asked: the time for the whole request was over before`, {
    service,
  })
}
