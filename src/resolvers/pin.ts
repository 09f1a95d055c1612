import { BadRequestError, PinNotFoundError, type PinqlError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { parseNodeId, parsePinId } from '../domain/pin-id.ts'
import type { GatewayContext } from './context.ts'
import { inTime, unanswered } from './in-time.ts'
import { findService, type ServiceFields } from './service.ts'
import { settle } from './settle.ts'

export interface PinArgs {
  readonly id?: string | null | undefined
  readonly service?: string | null | undefined
  readonly requestId?: string | null | undefined
}

/**
 * One pin, by its global id or by its service's request id: one `GET /pins/{requestid}`.
 *
 * @throws {BadRequestError} unless exactly one of `id` and `requestId` is given
 * @throws {PinNotFoundError} when the service does not have it
 */
export async function pin(args: PinArgs, context: GatewayContext): Promise<Pin> {
  // Generated clients send an empty text for an argument that is not set.
  const [id, requestId, service] = [args.id || null, args.requestId || null, args.service || null]
  if (id !== null && requestId !== null) throw BadRequestError.of('id', 'either id or requestId', 'both')
  if (requestId !== null) {
    const name = service ?? context.services.defaultName
    return context.tenant(name).getPin(requestId, { signal: context.signal })
  }
  if (id === null) throw BadRequestError.of('id', 'either id or requestId', 'neither')
  const ref = parsePinId(id)
  if (service !== null && service !== ref.service) {
    throw BadRequestError.of('id', `the id of a pin at ${service}`, `the id of a pin at ${ref.service}`)
  }
  return context.loaders.pins.load(ref)
}

/** Anything with a global id; null for a pin or service that is not there. Many pins cost one request for every ten. */
export async function node(id: string, context: GatewayContext, argument = 'id'): Promise<Pin | ServiceFields | null> {
  const ref = parseNodeId(id, argument)
  if (ref.type === 'Service') return findService(ref.service, context)
  try {
    return await inTime(
      context.signal,
      () => unanswered(ref.pin.service),
      () => context.loaders.pins.load(ref.pin),
    )
  } catch (error) {
    if (error instanceof PinNotFoundError) return null
    throw error
  }
}

const MAX_NODES = 1000

/**
 * Many of them, in order; an element that fails is null beside its own error.
 *
 * @throws {BadRequestError} for more than 1,000
 */
export async function nodes(
  ids: readonly string[],
  context: GatewayContext,
): Promise<(Pin | ServiceFields | PinqlError | null)[]> {
  if (ids.length > MAX_NODES) throw BadRequestError.of('ids', `at most ${MAX_NODES} ids`, `${ids.length} ids`)
  return Promise.all(ids.map((id, index) => settle(() => node(id, context, `ids[${index}]`))))
}
