import { BadRequestError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { MAX_ID_LENGTH, parsePinId } from '../domain/pin-id.ts'
import type { GatewayContext } from './context.ts'

export interface PinArgs {
  readonly id?: string | null | undefined
  readonly service?: string | null | undefined
  readonly requestId?: string | null | undefined
}

/**
 * Reads one pin, by its global id or by its service's request id.
 *
 * By request id: one `GET /pins/{requestid}`. By global id: a lookup, which shares a `GET /pins` with others.
 *
 * @throws {BadRequestError} unless exactly one of `id` and `requestId` is given, with at most 1,024 characters
 * @throws {PinNotFoundError} when the service does not have the pin
 */
export async function pin(args: PinArgs, context: GatewayContext): Promise<Pin> {
  // Generated clients send an empty text for an argument that is not set.
  const [id, requestId, serviceName] = [args.id || null, args.requestId || null, args.service || null]
  if (id !== null && requestId !== null) throw BadRequestError.of('id', 'either id or requestId', 'both')
  if (requestId !== null) {
    // No pin with such an id is shown, and the text would go into the path of a request.
    if (requestId.length > MAX_ID_LENGTH)
      throw BadRequestError.of('requestId', `at most ${MAX_ID_LENGTH} characters`, `${requestId.length} characters`)
    const tenant = context.tenant(serviceName ?? context.registry.defaultName)
    return tenant.getPin(requestId, { signal: context.signal })
  }
  if (id === null) throw BadRequestError.of('id', 'either id or requestId', 'neither')
  const ref = parsePinId(id)
  if (serviceName !== null && serviceName !== ref.service) {
    throw BadRequestError.of('id', `the id of a pin at ${serviceName}`, `the id of a pin at ${ref.service}`)
  }
  return context.loaders.pins.load(ref)
}
