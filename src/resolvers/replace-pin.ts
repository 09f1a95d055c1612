import { parsePinId } from '../domain/pin-id.ts'
import type { MadePin } from './add-pin.ts'
import { change, tenantToChange } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { parseIdempotencyKey } from './idempotency-key.ts'
import { type PinInput, parsePinInput } from './pin-input.ts'

export interface ReplacePinInput extends PinInput {
  readonly id: string
  readonly idempotencyKey?: string | null | undefined
}

/**
 * Puts another pin in the place of one: usually one `POST /pins/{requestid}`, and at most one pin for a key.
 *
 * @throws {BadRequestError} for input that does not fit, before anything is sent
 * @throws what `Tenant.replacePin` throws
 */
export async function replacePin(input: ReplacePinInput, context: GatewayContext): Promise<MadePin> {
  const ref = parsePinId(input.id, 'input.id')
  const newPin = parsePinInput(input, 'input')
  const idempotencyKey = parseIdempotencyKey(input.idempotencyKey, 'input.idempotencyKey')
  const tenant = tenantToChange(ref.service, context)
  const pin = await change(context, ref, () => tenant.replacePin(ref, newPin, idempotencyKey))
  return { pin, idempotencyKey }
}
