import { randomUUID } from 'node:crypto'
import type { PinqlError } from '../domain/errors.ts'
import type { NewPin, Pin } from '../domain/pin.ts'
import { parsePinId } from '../domain/pin-id.ts'
import { change, changeEach, tenantToChange, tooLate } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { parseIdempotencyKey } from './idempotency-key.ts'
import { inTime } from './in-time.ts'
import { MAX_ORIGINS, type PinInput, parsePinInput } from './pin-input.ts'

export interface AddPinInput extends PinInput {
  readonly service?: string | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

/** A pin that was made, and the key that would find it again. */
export interface MadePin {
  readonly pin: Pin
  readonly idempotencyKey: string
}

/** What became of one of several adds. */
export type AddPinOutcome = MadePin | PinqlError

/** A checked pin and the service that is to hold it. */
interface Order {
  readonly service: string
  readonly newPin: NewPin
  readonly idempotencyKey: string
}

/**
 * Asks a service to pin a CID: usually one `POST /pins`, and at most one pin for a key.
 *
 * @throws {BadRequestError} for input that does not fit, before anything is sent
 * @throws what `Tenant.addPin` throws
 */
export async function addPin(input: AddPinInput, context: GatewayContext): Promise<MadePin> {
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
      return inTime(
        context.signal,
        () => tooLate(to),
        () => context.loaders.pins.load(ref),
      )
    },
    ({ cid, name, meta, delegates, origins }) => {
      const sources = [...new Set([...delegates, ...origins])].slice(0, MAX_ORIGINS)
      const newPin = { cid, name, meta, origins: sources }
      return send({ service: to, newPin, idempotencyKey: randomUUID() }, context)
    },
  )
}

function parseOrder(input: AddPinInput, path: string, context: GatewayContext): Order {
  return {
    service: input.service ?? context.services.defaultName,
    newPin: parsePinInput(input, path),
    idempotencyKey: parseIdempotencyKey(input.idempotencyKey, `${path}.idempotencyKey`),
  }
}

async function send({ service, newPin, idempotencyKey }: Order, context: GatewayContext): Promise<MadePin> {
  const tenant = tenantToChange(service, context)
  return { pin: await change(context, null, () => tenant.addPin(newPin, idempotencyKey)), idempotencyKey }
}
