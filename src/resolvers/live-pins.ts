import { BadRequestError } from '../domain/errors.ts'
import { type PinRef, parsePinId } from '../domain/pin-id.ts'
import type { WatchOptions } from '../live/informers.ts'
import { DEFAULT_KINDS, type PinEventKind } from '../live/live-event.ts'
import type { LiveReader } from '../live/live-reader.ts'
import type { GatewayContext } from './context.ts'
import { type PinFilterInput, parsePinFilter } from './pin-filter.ts'
import { parseServiceNames } from './service-names.ts'

interface WatchArgs {
  readonly after?: string | null | undefined
  readonly kinds?: readonly PinEventKind[] | null | undefined
}

export interface PinStatusChangedArgs extends WatchArgs {
  readonly ids: readonly string[]
  readonly until?: 'settled' | 'forever' | null | undefined
}

export interface PinsChangedArgs extends WatchArgs {
  readonly services?: readonly string[] | null | undefined
  readonly filter?: PinFilterInput | null | undefined
}

/** Most ids that fit into a message of 64 KB, even with the longest names of services and request ids of 60 characters. */
const MAX_IDS = 250

/**
 * Follows pins by their ids, at any mix of services.
 *
 * @throws {BadRequestError} for a malformed id or cursor, for no ids or more than 250, and for an empty list of kinds
 * @throws {UnknownServiceError} when the service of an id is not configured
 * @throws {UnauthorizedError} when there is no token for the service of an id
 */
export function pinStatusChanged(args: PinStatusChangedArgs, context: GatewayContext): LiveReader {
  const { ids, until } = args
  if (ids.length === 0 || ids.length > MAX_IDS)
    throw BadRequestError.of('ids', `1 to ${MAX_IDS} ids`, `${ids.length} ids`)
  const byService = new Map<string, Map<string, PinRef>>()
  ids.forEach((id, index) => {
    const ref = parsePinId(id, `ids[${index}]`)
    const refs = byService.get(ref.service) ?? new Map<string, PinRef>()
    byService.set(ref.service, refs.set(ref.requestId, ref))
  })
  const parts = [...byService].map(([name, refs]) => ({
    service: context.registry.get(name),
    tenant: context.tenant(name),
    selection: { kind: 'ids', refs, untilSettled: until !== 'forever' } as const,
  }))
  return context.live.watch(parts, watchOptions(args, context))
}

/**
 * Follows the pins of one or several services that match a filter.
 *
 * @throws {BadRequestError} for a malformed filter or cursor, and for an empty list of services or kinds
 * @throws {UnknownServiceError} when a service is not configured
 * @throws {UnauthorizedError} when there is no token for a service
 */
export function pinsChanged(args: PinsChangedArgs, context: GatewayContext): LiveReader {
  const selection = { kind: 'query', query: parsePinFilter(args.filter) } as const
  const parts = parseServiceNames(args.services, context).map((name) => ({
    service: context.registry.get(name),
    tenant: context.tenant(name),
    selection,
  }))
  return context.live.watch(parts, watchOptions(args, context))
}

function watchOptions({ after, kinds }: WatchArgs, { requestId }: GatewayContext): WatchOptions {
  if (kinds?.length === 0) throw BadRequestError.of('kinds', 'at least one kind, or null for the usual ones', kinds)
  // Generated clients send an empty text for a cursor that is not set.
  return { after: after || null, kinds: kinds ? new Set(kinds) : DEFAULT_KINDS, operationId: requestId }
}
