import { BadRequestError, PinNotFoundError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { parseNodeId, parsePinId } from '../domain/pin-id.ts'
import type { GatewayContext } from './context.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { findService, type ServiceFields } from './service.ts'
import { withinDeadline } from './within-deadline.ts'

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
 * @throws {BadRequestError} unless exactly one of `id` and `requestId` is given
 * @throws {PinNotFoundError} when the service does not have the pin
 */
export async function pin(args: PinArgs, context: GatewayContext): Promise<Pin> {
  // Generated clients send an empty text for an argument that is not set.
  const [id, requestId, serviceName] = [args.id || null, args.requestId || null, args.service || null]
  if (id !== null && requestId !== null) throw BadRequestError.of('id', 'either id or requestId', 'both')
  if (requestId !== null) {
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

/**
 * Reads a pin or service by its global id; null when it does not exist. Ten pins cost one request.
 *
 * @throws {BadRequestError} for a text that is not an id of pinql
 */
export async function node(id: string, context: GatewayContext, argument = 'id'): Promise<Pin | ServiceFields | null> {
  const ref = context.parsed(parseNodeId, id, argument)
  if (ref.type === 'Service') return findService(ref.service, context)
  try {
    return await withinDeadline(context.signal, ref.pin.service, () => context.loaders.pins.load(ref.pin))
  } catch (error) {
    if (error instanceof PinNotFoundError) return null
    throw error
  }
}

const MAX_NODES = 1000

/**
 * Reads many pins and services. Returns one element per id, in order: an element that could not be read is its error.
 *
 * @throws {BadRequestError} for more than 1,000
 */
export async function nodes(
  ids: readonly string[],
  context: GatewayContext,
): Promise<Outcome<Pin | ServiceFields | null>[]> {
  if (ids.length > MAX_NODES) throw BadRequestError.of('ids', `at most ${MAX_NODES} ids`, `${ids.length} ids`)
  return Promise.all(ids.map((id, index) => outcomeOf(context, () => node(id, context, `ids[${index}]`))))
}
