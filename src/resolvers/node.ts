import { BadRequestError, PinNotFoundError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { parseNodeId } from '../domain/pin-id.ts'
import type { GatewayContext } from './context.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { findService, type ServiceFields } from './service.ts'
import { withinDeadline } from './within-deadline.ts'

const MAX_NODES = 1000

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
