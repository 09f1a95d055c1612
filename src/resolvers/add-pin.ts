import { BadRequestError } from '../domain/errors.ts'
import { givenNameOf } from '../domain/given-name.ts'
import { isProviderHint } from '../domain/multiaddr.ts'
import type { NewPin, Pin } from '../domain/pin.ts'
import { MAX_ORIGINS } from '../domain/pin-bounds.ts'
import { parsePinId } from '../domain/pin-id.ts'
import { change, tenantToChange, tooLate } from './change.ts'
import { changeEach } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { checkIdempotencyKey, idempotencyKeyOf } from './idempotency-key.ts'
import { type NewPinResult, newPinResult } from './new-pin-result.ts'
import { outcomeOf } from './outcome.ts'
import { type PinInput, parsePinInput } from './pin-input.ts'
import { withinDeadline } from './within-deadline.ts'

export interface AddPinInput extends PinInput {
  readonly service?: string | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

/** A checked add: the pin, the service that will hold it, and the key of the change. */
interface CheckedAdd {
  readonly serviceName: string
  readonly newPin: NewPin
  readonly idempotencyKey: string
}

/**
 * Asks a service to pin a CID, at most once per idempotency key.
 *
 * Usually one `POST /pins`.
 */
export async function addPin(input: AddPinInput, context: GatewayContext): Promise<NewPinResult> {
  const key = idempotencyKeyOf(input)
  return newPinResult(await outcomeOf(context, () => send(parseAdd(input, key, 'input', context), context)), key)
}

/** Adds many pins. Returns one result per pin, in order. */
export async function addPins(pins: readonly AddPinInput[], context: GatewayContext): Promise<NewPinResult[]> {
  const keys = pins.map(idempotencyKeyOf)
  const outcomes = await changeEach(
    pins,
    'input.pins',
    context,
    (input, index) => parseAdd(input, keys[index] as string, `input.pins[${index}]`, context),
    (add) => send(add, context),
  )
  return outcomes.map((outcome, index) => newPinResult(outcome, keys[index] as string))
}

/**
 * Pins the content of pins at another service too, with their names and `meta`. Returns one result per pin, in order.
 *
 * A pin's delegates and origins are the peers that have the content already. They become the origins of its copy.
 *
 * @param to name of the service that gets the copies
 */
export async function copyPins(ids: readonly string[], to: string, context: GatewayContext): Promise<NewPinResult[]> {
  const keys = ids.map(() => idempotencyKeyOf({}))
  const outcomes = await changeEach(
    ids,
    'input.ids',
    context,
    async (id, index) => {
      const ref = parsePinId(id, `input.ids[${index}]`)
      if (to === '') throw BadRequestError.of('input.to', 'the name of a service', to)
      // No lookup is sent for a copy that could not be made.
      tenantToChange(to, context)
      const pin = await withinDeadline(context.signal, to, () => context.loaders.pins.load(ref), tooLate)
      return copyOf(pin, to, keys[index] as string)
    },
    (add) => send(add, context),
  )
  return outcomes.map((outcome, index) => newPinResult(outcome, keys[index] as string))
}

function copyOf(pin: Pin, serviceName: string, idempotencyKey: string): CheckedAdd {
  const { cid, meta, delegates, origins } = pin
  // Services list what they like, and as many as they like: each costs time to check, and each that is refused costs a request.
  const looked = [...new Set([...delegates, ...origins])].slice(0, 2 * MAX_ORIGINS)
  const sources = looked.filter(isProviderHint).slice(0, MAX_ORIGINS)
  return { serviceName, newPin: { cid, name: givenNameOf(pin), meta, origins: sources }, idempotencyKey }
}

function parseAdd(input: AddPinInput, idempotencyKey: string, path: string, context: GatewayContext): CheckedAdd {
  checkIdempotencyKey(idempotencyKey, `${path}.idempotencyKey`)
  const serviceName = input.service || context.registry.defaultName
  return { serviceName, newPin: parsePinInput(input, path), idempotencyKey }
}

async function send({ serviceName, newPin, idempotencyKey }: CheckedAdd, context: GatewayContext): Promise<Pin> {
  const tenant = tenantToChange(serviceName, context)
  const { signal } = context
  return change(context, null, () => tenant.addPin(newPin, idempotencyKey, { signal }))
}
