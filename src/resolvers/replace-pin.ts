import type { Pin } from '../domain/pin.ts'
import { parsePinId } from '../domain/pin-id.ts'
import { tenantToChange } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { type PinInput, parsePinInput } from './pin-input.ts'

export interface ReplacePinInput extends PinInput {
  readonly id: string
}

/**
 * Puts another pin in the place of one: one `POST /pins/{requestid}`.
 *
 * @throws {BadRequestError} for input that does not fit, before anything is sent
 * @throws {PinNotFoundError} when the pin to be replaced is not there
 */
export async function replacePin(input: ReplacePinInput, context: GatewayContext): Promise<{ pin: Pin }> {
  const ref = parsePinId(input.id, 'input.id')
  const newPin = parsePinInput(input, 'input')
  const pin = await tenantToChange(ref.service, context).replacePin(ref.requestId, newPin)
  context.loaders.pins.clear(ref)
  return { pin }
}
