import { BadRequestError, PinqlError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { parsePinId } from '../domain/pin-id.ts'
import type { GatewayContext } from './context.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { type PinInput, parsePinInput } from './pin-input.ts'

export interface AddPinInput extends PinInput {
  readonly service?: string | null | undefined
}

/** What became of one of several adds. */
export type AddPinOutcome = { readonly pin: Pin } | PinqlError

/** Writes under way at once of one request: enough to hide latency, too few to take a service's whole allowance. */
export const WRITE_CONCURRENCY = 8
export const MAX_WRITES = 1000
const MAX_ORIGINS = 20

/**
 * Asks a service to pin a CID: one `POST /pins`, which a client that goes away does not stop, since its outcome would be unknown.
 *
 * @param path of the input among the arguments, for errors
 * @throws {BadRequestError} for input that does not fit, before anything is sent
 */
export async function addPin(input: AddPinInput, context: GatewayContext, path = 'input'): Promise<{ pin: Pin }> {
  const newPin = parsePinInput(input, path)
  return { pin: await context.tenant(input.service ?? context.services.defaultName).addPin(newPin) }
}

/** Each input's own outcome, in order. */
export async function addPins(inputs: readonly AddPinInput[], context: GatewayContext): Promise<AddPinOutcome[]> {
  checkCount(inputs, 'inputs')
  return mapConcurrently(
    inputs,
    WRITE_CONCURRENCY,
    (input, index) => settle(addPin(input, context, `inputs[${index}]`)),
    context,
  )
}

/**
 * Pins what other pins hold at another service, with their names and meta.
 *
 * The peers that hold the content already, each pin's delegates and origins, are given as origins.
 *
 * @param to name of the service that is to pin
 */
export async function copyPins(ids: readonly string[], to: string, context: GatewayContext): Promise<AddPinOutcome[]> {
  checkCount(ids, 'ids')
  const target = context.tenant(to)
  // Every lookup starts before any is awaited, so that they share requests.
  const pins = ids.map((id, index) => {
    const found = settle((async () => ({ pin: await context.loaders.pins.load(parsePinId(id, `ids[${index}]`)) }))())
    return found
  })
  return mapConcurrently(
    pins,
    WRITE_CONCURRENCY,
    async (lookup) => {
      const found = await lookup
      if (found instanceof PinqlError) return found
      const { cid, name, meta, delegates, origins } = found.pin
      const sources = [...new Set([...delegates, ...origins])].slice(0, MAX_ORIGINS)
      return settle(target.addPin({ cid, name, meta, origins: sources }).then((pin) => ({ pin })))
    },
    context,
  )
}

/** An expected failure becomes a value; a bug stays thrown. */
export async function settle<Value>(outcome: Promise<Value>): Promise<Value | PinqlError> {
  try {
    return await outcome
  } catch (error) {
    if (error instanceof PinqlError) return error
    throw error
  }
}

/** @throws {BadRequestError} for more than 1,000 changes at once */
export function checkCount(items: readonly unknown[], argument: string): void {
  if (items.length > MAX_WRITES) throw BadRequestError.of(argument, `at most ${MAX_WRITES}`, `${items.length}`)
}
