import { BadRequestError } from '../domain/errors.ts'
import { givenNameOf } from '../domain/given-name.ts'
import type { NewPin, Pin } from '../domain/pin.ts'
import { parsePinId } from '../domain/pin-id.ts'
import { change, changeEach, tenantToChange, tooLate } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { checkIdempotencyKey } from './idempotency-key.ts'
import { inTime } from './in-time.ts'
import { idempotencyKeyOf, type MadePin, madePinOf } from './made-pin.ts'
import { MAX_ORIGINS, type PinInput, parsePinInput } from './pin-input.ts'
import { settle } from './settle.ts'

export interface AddPinInput extends PinInput {
  readonly service?: string | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

/** A checked pin, the service that is to hold it, and the key of its write. */
interface Order {
  readonly service: string
  readonly newPin: NewPin
  readonly idempotencyKey: string
}

/** Asks a service to pin a CID: usually one `POST /pins`, and at most one pin per idempotency key. */
export async function addPin(input: AddPinInput, context: GatewayContext): Promise<MadePin> {
  const key = idempotencyKeyOf(input)
  return madePinOf(await settle(() => send(parseOrder(input, key, 'input', context), context)), key)
}

/** Adds many pins. The result has one element for each of them, in order. */
export async function addPins(pins: readonly AddPinInput[], context: GatewayContext): Promise<MadePin[]> {
  const keys = pins.map(idempotencyKeyOf)
  const outcomes = await changeEach(
    pins,
    'input.pins',
    (input, index) => parseOrder(input, keys[index] as string, `input.pins[${index}]`, context),
    (order) => send(order, context),
  )
  return outcomes.map((outcome, index) => madePinOf(outcome, keys[index] as string))
}

/**
 * Pins the content of other pins at another service, with their names and `meta`. The result has one element for each
 * pin, in order.
 *
 * The peers that have the content already, each pin's delegates and origins, become the origins of its copy.
 *
 * @param to name of the service that is to pin
 */
export async function copyPins(ids: readonly string[], to: string, context: GatewayContext): Promise<MadePin[]> {
  const keys = ids.map(() => idempotencyKeyOf({}))
  const outcomes = await changeEach(
    ids,
    'input.ids',
    async (id, index) => {
      const ref = parsePinId(id, `input.ids[${index}]`)
      if (to === '') throw BadRequestError.of('input.to', 'the name of a service', to)
      // A lookup for a target that cannot be used would be wasted.
      tenantToChange(to, context)
      const pin = await inTime(
        context.signal,
        () => tooLate(to),
        () => context.loaders.pins.load(ref),
      )
      return copyOf(pin, to, keys[index] as string)
    },
    (order) => send(order, context),
  )
  return outcomes.map((outcome, index) => madePinOf(outcome, keys[index] as string))
}

function copyOf(pin: Pin, service: string, idempotencyKey: string): Order {
  const { cid, meta, delegates, origins } = pin
  const sources = [...new Set([...delegates, ...origins])].slice(0, MAX_ORIGINS)
  return { service, newPin: { cid, name: givenNameOf(pin), meta, origins: sources }, idempotencyKey }
}

function parseOrder(input: AddPinInput, idempotencyKey: string, path: string, context: GatewayContext): Order {
  checkIdempotencyKey(idempotencyKey, `${path}.idempotencyKey`)
  const service = input.service || context.services.defaultName
  return { service, newPin: parsePinInput(input, path), idempotencyKey }
}

async function send({ service, newPin, idempotencyKey }: Order, context: GatewayContext): Promise<Pin> {
  const tenant = tenantToChange(service, context)
  const { signal } = context
  return change(context, null, () => tenant.addPin(newPin, idempotencyKey, { signal }))
}
