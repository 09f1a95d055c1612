import { BadRequestError, PinqlError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { formatPinId, type PinRef, parsePinId } from '../domain/pin-id.ts'
import { openPinStreams } from '../upstream/reading/pin-stream.ts'
import { Stop } from '../upstream/stop.ts'
import { change, changeEach, MAX_CHANGES, tenantToChange } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { inTime, unanswered } from './in-time.ts'
import { isEmptyFilter, type PinFilterInput, parsePinFilter, unsetPartOf } from './pin-filter.ts'
import { settle } from './settle.ts'

export interface RemovePinsInput {
  readonly ids?: readonly string[] | null | undefined
  readonly service?: string | null | undefined
  readonly filter?: PinFilterInput | null | undefined
  readonly dryRun?: boolean | null | undefined
}

/** Result of a removal. */
export interface RemovedPin {
  /** Global id of the pin that this is about, removed or not; null when the pins could not be listed. */
  readonly pinId: string | null
  /** Global id of the pin that is gone; null when it was not removed. */
  readonly removedId: string | null
  /** The pin as it was, where it was read. */
  readonly pin: Pin | null
  readonly error: PinqlError | null
}

/** Removes a pin: one `DELETE /pins/{requestid}`. */
export async function removePin(id: string, context: GatewayContext): Promise<RemovedPin> {
  const outcome = await settle(() => remove(parsePinId(id, 'input.id'), context))
  return removedPinOf(id, outcome)
}

/**
 * Removes pins by their ids or by a filter. The result has one element for each, in the order of the ids, or newest first.
 *
 * With a filter all pins that match are read first, at most 1,000, and checked here one by one: nothing is removed because a
 * service listed a pin where it should not have. If listing fails, the result is a single error. With `dryRun` the pins are
 * read, and nothing is removed.
 */
export async function removePins(input: RemovePinsInput, context: GatewayContext): Promise<RemovedPin[]> {
  const { ids } = input
  if (ids != null && input.filter == null && !input.service) return removeByIds(ids, input.dryRun === true, context)
  const name = input.service || context.services.defaultName
  const found = await settle(() =>
    inTime(
      context.signal,
      () => unanswered(name),
      () => findPins(input, context),
    ),
  )
  if (found instanceof PinqlError) return [{ pinId: null, removedId: null, pin: null, error: found }]
  const outcomes = input.dryRun
    ? found
    : await changeEach(
        found,
        'input.filter',
        (pin) => ({ ...pin, cid: pin.cid.text }),
        (ref) => remove(ref, context),
      )
  return found.map((pin, index) => ({ ...removedPinOf(formatPinId(pin), outcomes[index] ?? null), pin }))
}

async function removeByIds(ids: readonly string[], isDryRun: boolean, context: GatewayContext): Promise<RemovedPin[]> {
  const parse = (id: string, index: number): PinRef => parsePinId(id, `input.ids[${index}]`)
  const outcomes: (Pin | PinqlError | null)[] = isDryRun
    ? await changeEach(
        ids,
        'input.ids',
        // All are read at once, so that ten pins share a request.
        (id, index) => read(parse(id, index), context),
        async (pin) => pin,
      )
    : await changeEach(ids, 'input.ids', parse, (ref) => remove(ref, context))
  return ids.map((id, index) => removedPinOf(id, outcomes[index] ?? null))
}

/** @param outcome the pin of a dry run, the error of a removal that failed, or null for one that did not */
function removedPinOf(pinId: string, outcome: Pin | PinqlError | null): RemovedPin {
  if (outcome instanceof PinqlError) return { pinId, removedId: null, pin: null, error: outcome }
  return { pinId, removedId: outcome ? null : pinId, pin: outcome, error: null }
}

async function findPins({ ids, service, filter }: RemovePinsInput, context: GatewayContext): Promise<Pin[]> {
  if (ids != null) throw BadRequestError.of('input.ids', 'either ids, or filter and service; the other null', 'both')
  if (service === '') throw BadRequestError.of('input.service', 'a name, or null for the default service', service)
  const unset = filter && unsetPartOf(filter)
  if (unset) throw BadRequestError.of(`input.filter.${unset}`, 'a value, or null for any', filter[unset])
  // A filter that says nothing is more likely a mistake than the wish to remove everything.
  if (filter == null || isEmptyFilter(filter)) {
    throw BadRequestError.of('input.filter', 'ids, or a filter that not every pin matches', filter ?? null)
  }
  const query = parsePinFilter(filter, 'input.filter')
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

async function read(ref: PinRef, context: GatewayContext): Promise<Pin> {
  return inTime(
    context.signal,
    () => unanswered(ref.service),
    () => context.loaders.pins.load(ref),
  )
}

async function remove(ref: PinRef, context: GatewayContext): Promise<null> {
  const tenant = tenantToChange(ref.service, context)
  // It knows the operation, and is never aborted: a removal that has begun goes on.
  const signal = new Stop(context.signal)
  await change(context, ref, () => tenant.removePin(ref.requestId, { signal }))
  return null
}
