import { BadRequestError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { formatPinId, type PinRef, parsePinId } from '../domain/pin-id.ts'
import type { Failure } from '../domain/unexpected-error.ts'
import { LeftOutRecords, PartlyReadError } from '../upstream/reading/lists/left-out.ts'
import { Stop } from '../upstream/waiting/stop.ts'
import { change, tenantToChange } from './change.ts'
import { changeEach, MAX_CHANGES } from './change-each.ts'
import type { GatewayContext } from './context.ts'
import { hasFailed, type Outcome, outcomeOf } from './outcome.ts'
import { isEmptyFilter, type PinFilterInput, parsePinFilter, unsetPartOf } from './pin-filter.ts'
import { withinDeadline } from './within-deadline.ts'

export interface RemovePinsInput {
  readonly ids?: readonly string[] | null | undefined
  readonly service?: string | null | undefined
  readonly filter?: PinFilterInput | null | undefined
  readonly dryRun?: boolean | null | undefined
}

/** Result of removing a pin. */
export interface RemovePinResult {
  /** Global id of the pin that this result is about, removed or not. Null when the pins could not be listed. */
  readonly pinId: string | null
  /** Global id of the pin if it is gone; null when it was not removed. */
  readonly removedId: string | null
  /** The pin as it was before; null when it was not read. */
  readonly pin: Pin | null
  readonly error: Failure | null
}

/** Removes a pin: one `DELETE /pins/{requestid}`. */
export async function removePin(id: string, context: GatewayContext): Promise<RemovePinResult> {
  const outcome = await outcomeOf(context, () => remove(parsePinId(id, 'input.id'), context))
  return removePinResult(id, outcome)
}

/**
 * Removes pins by their ids or by a filter. Returns one result per pin, in the order of the ids, or newest first.
 *
 * With a filter, the pins that match are listed first, at most 1,000. Each pin is checked here before it is removed, since a
 * service may list pins that do not match. Pins that could not be read are not removed, and one more result says so. If
 * listing fails, the result is a single error.
 *
 * With `dryRun`, the pins are read and nothing is removed.
 */
export async function removePins(input: RemovePinsInput, context: GatewayContext): Promise<RemovePinResult[]> {
  const { ids } = input
  if (ids != null && input.filter == null && !input.service) return removeByIds(ids, input.dryRun === true, context)
  const serviceName = input.service || context.registry.defaultName
  const found = await outcomeOf(context, () =>
    withinDeadline(context.signal, serviceName, () => findPins(input, context)),
  )
  if (hasFailed(found)) return [{ pinId: null, removedId: null, pin: null, error: found }]
  const { pins, unread } = found
  const outcomes = input.dryRun
    ? pins
    : await changeEach(
        pins,
        'input.filter',
        context,
        (pin) => ({ ...pin, cid: pin.cid.text }),
        (ref) => remove(ref, context),
      )
  const results = pins.map((pin, index) => ({ ...removePinResult(formatPinId(pin), outcomes[index] ?? null), pin }))
  return unread ? [...results, { pinId: null, removedId: null, pin: null, error: unread }] : results
}

async function removeByIds(
  ids: readonly string[],
  isDryRun: boolean,
  context: GatewayContext,
): Promise<RemovePinResult[]> {
  const parse = (id: string, index: number): PinRef => parsePinId(id, `input.ids[${index}]`)
  const outcomes: Outcome<Pin | null>[] = isDryRun
    ? await changeEach(
        ids,
        'input.ids',
        context,
        // Preparations run at the same time, so that ten pins share a request.
        (id, index) => read(parse(id, index), context),
        async (pin) => pin,
      )
    : await changeEach(ids, 'input.ids', context, parse, (ref) => remove(ref, context))
  return ids.map((id, index) => removePinResult(id, outcomes[index] ?? null))
}

/** @param outcome the pin of a dry run; null after a removal; or the failure of either */
function removePinResult(pinId: string, outcome: Outcome<Pin | null>): RemovePinResult {
  if (hasFailed(outcome)) return { pinId, removedId: null, pin: null, error: outcome }
  return { pinId, removedId: outcome ? null : pinId, pin: outcome, error: null }
}

/** Pins that match a filter, and the error of those that could not be read, if any. */
interface MatchingPins {
  readonly pins: readonly Pin[]
  readonly unread: PartlyReadError | null
}

async function findPins({ ids, service, filter }: RemovePinsInput, context: GatewayContext): Promise<MatchingPins> {
  if (ids != null) throw BadRequestError.of('input.ids', 'either ids, or filter and service; the other null', 'both')
  if (service === '') throw BadRequestError.of('input.service', 'a name, or null for the default service', service)
  const unset = filter && unsetPartOf(filter)
  if (unset) throw BadRequestError.of(`input.filter.${unset}`, 'a value, or null for any', filter[unset])
  // A filter that says nothing is more likely a mistake than the wish to remove everything.
  if (filter == null || isEmptyFilter(filter)) {
    throw BadRequestError.of('input.filter', 'ids, or a filter that not every pin matches', filter ?? null)
  }
  const query = parsePinFilter(filter, 'input.filter')
  const tenant = context.tenant(service ?? context.registry.defaultName)
  const { signal } = context
  const pins = new Map<string, Pin>()
  const unread = new LeftOutRecords()
  for (const stream of tenant.openStreams(query, { expected: MAX_CHANGES, signal })) {
    for (let next = await stream.peek(); next !== null && pins.size < MAX_CHANGES; next = await stream.peek()) {
      pins.set(next.requestId, next)
      stream.shift()
    }
    unread.add(stream.leftOut)
  }
  return {
    pins: [...pins.values()],
    unread: unread.size === 0 ? null : new PartlyReadError(tenant.service, unread.all()),
  }
}

async function read(ref: PinRef, context: GatewayContext): Promise<Pin> {
  return withinDeadline(context.signal, ref.service, () => context.loaders.pins.load(ref))
}

async function remove(ref: PinRef, context: GatewayContext): Promise<null> {
  const tenant = tenantToChange(ref.service, context)
  // Names the request for observers, and is never aborted: a removal that was sent is completed.
  const signal = new Stop(context.signal)
  await change(context, ref, () => tenant.removePin(ref.requestId, { signal }))
  return null
}
