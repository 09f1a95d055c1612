import type { PinqlError } from '../domain/errors.ts'
import { type PinRef, parsePinId } from '../domain/pin-id.ts'
import { changeEach, tenantToChange } from './change-each.ts'
import type { GatewayContext } from './context.ts'

/** What became of one of several removals. */
export type RemovePinOutcome = { readonly id: string } | PinqlError

/**
 * Removes a pin: one `DELETE /pins/{requestid}`.
 *
 * @throws {PinNotFoundError} when it is not there
 */
export async function removePin(id: string, context: GatewayContext): Promise<{ id: string }> {
  return remove({ id, ref: parsePinId(id) }, context)
}

/** Each pin's own outcome, in order. */
export async function removePins(ids: readonly string[], context: GatewayContext): Promise<RemovePinOutcome[]> {
  return changeEach(
    ids,
    'ids',
    (id, index) => ({ id, ref: parsePinId(id, `ids[${index}]`) }),
    (pin) => remove(pin, context),
  )
}

async function remove({ id, ref }: { id: string; ref: PinRef }, context: GatewayContext): Promise<{ id: string }> {
  await tenantToChange(ref.service, context).removePin(ref.requestId)
  context.loaders.pins.clear(ref)
  return { id }
}
