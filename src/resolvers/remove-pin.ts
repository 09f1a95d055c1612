import { BadRequestError, PinqlError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { formatPinId, type PinRef, parsePinId } from '../domain/pin-id.ts'
import { openPinStreams } from '../upstream/pin-stream.ts'
import { change, changeEach, MAX_CHANGES, tenantToChange } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { inTime, unanswered } from './in-time.ts'
import { type PinFilterInput, parsePinFilter } from './pin-filter.ts'
import { settle } from './settle.ts'

export interface RemovePinsArgs {
  readonly ids?: readonly string[] | null | undefined
  readonly service?: string | null | undefined
  readonly filter?: PinFilterInput | null | undefined
}

/** What became of one of several removals. */
export type RemovePinOutcome = { readonly id: string } | PinqlError

/**
 * Removes a pin: one `DELETE /pins/{requestid}`.
 *
 * @throws {PinNotFoundError} when it is not there
 */
export async function removePin(id: string, context: GatewayContext): Promise<{ id: string }> {
  return remove({ id, ref: parsePinId(id) }, context)
}

/**
 * Removes pins by their ids or by a filter: each one's own outcome, in the order of the ids, or newest first.
 *
 * With a filter all that match are read first, 1,000 at most, and checked here, pin by pin: nothing is removed because a
 * service listed it where it should not have. What cannot be read, or is not to be done, is one outcome: the error.
 */
export async function removePins(args: RemovePinsArgs, context: GatewayContext): Promise<RemovePinOutcome[]> {
  const { ids, filter } = args
  if (filter == null && args.service == null && ids != null) {
    return changeEach(
      ids,
      'ids',
      (id, index) => ({ id, ref: parsePinId(id, `ids[${index}]`) }),
      (pin) => remove(pin, context),
    )
  }
  const name = args.service ?? context.services.defaultName
  const found = await settle(() =>
    inTime(
      context.signal,
      () => unanswered(name),
      () => findPins(args, context),
    ),
  )
  if (found instanceof PinqlError) return [found]
  return changeEach(
    found,
    'filter',
    (pin) => ({ id: formatPinId(pin), ref: { ...pin, cid: pin.cid.text } }),
    (pin) => remove(pin, context),
  )
}

async function findPins({ ids, service, filter }: RemovePinsArgs, context: GatewayContext): Promise<Pin[]> {
  if (ids != null) throw BadRequestError.of('ids', 'either ids, or filter and service', 'both')
  if (filter == null || isEmpty(filter)) {
    throw BadRequestError.of('filter', 'ids, or a filter that not every pin matches', filter ?? null)
  }
  const query = parsePinFilter(filter)
  const tenant = context.tenant(service ?? context.services.defaultName)
  const { signal } = context
  const pins = new Map<string, Pin>()
  for (const stream of openPinStreams(tenant, query, { expected: MAX_CHANGES, signal })) {
    for (let next = await stream.peek(); next !== null && pins.size < MAX_CHANGES; next = await stream.peek()) {
      pins.set(next.requestId, next)
      stream.shift()
    }
  }
  return [...pins.values()]
}

/** A filter that says nothing is more likely a mistake than the wish to remove everything. */
function isEmpty({ cid, name, match, status, createdBefore, createdAfter, meta }: PinFilterInput): boolean {
  const isAnyName = name == null || (name === '' && (match === 'partial' || match === 'ipartial'))
  const isAnyMeta = meta == null || (typeof meta === 'object' && Object.keys(meta).length === 0)
  return isAnyName && isAnyMeta && [cid, status, createdBefore, createdAfter].every((part) => part == null)
}

async function remove({ id, ref }: { id: string; ref: PinRef }, context: GatewayContext): Promise<{ id: string }> {
  const tenant = tenantToChange(ref.service, context)
  await change(context, ref, () => tenant.removePin(ref.requestId))
  return { id }
}
