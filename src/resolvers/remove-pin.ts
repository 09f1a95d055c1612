import type { PinqlError } from '../domain/errors.ts'
import { parsePinId } from '../domain/pin-id.ts'
import { checkCount, settle, WRITE_CONCURRENCY } from './add-pin.ts'
import type { GatewayContext } from './context.ts'
import { mapConcurrently } from './map-concurrently.ts'

/** What became of one of several removals. */
export type RemovePinOutcome = { readonly id: string } | PinqlError

/**
 * Removes a pin: one `DELETE /pins/{requestid}`.
 *
 * @throws {PinNotFoundError} when it is not there
 */
export async function removePin(id: string, context: GatewayContext, argument = 'id'): Promise<{ id: string }> {
  const ref = parsePinId(id, argument)
  await context.tenant(ref.service).removePin(ref.requestId)
  context.loaders.pins.clear(ref)
  return { id }
}

/** Each pin's own outcome, in order. */
export async function removePins(ids: readonly string[], context: GatewayContext): Promise<RemovePinOutcome[]> {
  checkCount(ids, 'ids')
  return mapConcurrently(
    ids,
    WRITE_CONCURRENCY,
    (id, index) => settle(removePin(id, context, `ids[${index}]`)),
    context,
  )
}
