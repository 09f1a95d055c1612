import { PinqlError } from '../domain/errors.ts'
import type { NewPin, Pin } from '../domain/pin.ts'
import { parsePinId } from '../domain/pin-id.ts'
import { changeEach, tenantToChange, tooLate } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { MAX_ORIGINS, type PinInput, parsePinInput } from './pin-input.ts'

export interface AddPinInput extends PinInput {
  readonly service?: string | null | undefined
}

/** What became of one of several adds. */
export type AddPinOutcome = { readonly pin: Pin } | PinqlError

/** A checked pin and the service that is to hold it. */
interface Order {
  readonly service: string
  readonly newPin: NewPin
}

/**
 * Asks a service to pin a CID: one `POST /pins`.
 *
 * @throws {BadRequestError} for input that does not fit, before anything is sent
 */
export async function addPin(input: AddPinInput, context: GatewayContext): Promise<{ pin: Pin }> {
  return send(parseOrder(input, 'input', context), context)
}

/** Each input's own outcome, in order. */
export async function addPins(inputs: readonly AddPinInput[], context: GatewayContext): Promise<AddPinOutcome[]> {
  return changeEach(
    inputs,
    'inputs',
    (input, index) => parseOrder(input, `inputs[${index}]`, context),
    (order) => send(order, context),
  )
}

/**
 * Pins what other pins hold at another service, with their names and meta; each pin's own outcome, in order.
 *
 * The peers that hold the content already, each pin's delegates and origins, are given as origins.
 *
 * @param to name of the service that is to pin
 */
export async function copyPins(ids: readonly string[], to: string, context: GatewayContext): Promise<AddPinOutcome[]> {
  return changeEach(
    ids,
    'ids',
    async (id, index) => {
      const ref = parsePinId(id, `ids[${index}]`)
      // A lookup for a target that cannot be used would be wasted.
      tenantToChange(to, context)
      return context.loaders.pins.load(ref).catch((error: unknown) => {
        throw context.signal.aborted && !(error instanceof PinqlError) ? tooLate(to) : error
      })
    },
    ({ cid, name, meta, delegates, origins }) => {
      const sources = [...new Set([...delegates, ...origins])].slice(0, MAX_ORIGINS)
      return send({ service: to, newPin: { cid, name, meta, origins: sources } }, context)
    },
  )
}

function parseOrder(input: AddPinInput, path: string, context: GatewayContext): Order {
  return { service: input.service ?? context.services.defaultName, newPin: parsePinInput(input, path) }
}

async function send({ service, newPin }: Order, context: GatewayContext): Promise<{ pin: Pin }> {
  return { pin: await tenantToChange(service, context).addPin(newPin) }
}
