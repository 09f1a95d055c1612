import { BadRequestError } from '../domain/errors.ts'
import { type PinRef, parsePinId } from '../domain/pin-id.ts'
import type { LiveReader } from '../live/live-reader.ts'
import type { GatewayContext } from './context.ts'
import { type PinFilterInput, parsePinFilter } from './pin-filter.ts'

export interface PinStatusChangedArgs {
  readonly ids: readonly string[]
  readonly until?: 'settled' | 'forever' | null | undefined
  readonly after?: string | null | undefined
}

export interface PinsChangedArgs {
  readonly service?: string | null | undefined
  readonly filter?: PinFilterInput | null | undefined
  readonly after?: string | null | undefined
}

/** As many as fit into a message of 64 KB, even with the longest names of services and request ids of 60 characters. */
const MAX_IDS = 250

/**
 * Follows pins by their ids, at any mix of services.
 *
 * @throws {BadRequestError} for what is no id or cursor, and no ids or more than 250
 * @throws {UnauthorizedError} when there is no token for the service of one of them
 */
export function pinStatusChanged(args: PinStatusChangedArgs, context: GatewayContext): LiveReader {
  const { ids, until, after = null } = args
  if (ids.length === 0 || ids.length > MAX_IDS)
    throw BadRequestError.of('ids', `1 to ${MAX_IDS} ids`, `${ids.length} ids`)
  const byService = new Map<string, Map<string, PinRef>>()
  ids.forEach((id, index) => {
    const ref = parsePinId(id, `ids[${index}]`)
    const refs = byService.get(ref.service) ?? new Map<string, PinRef>()
    byService.set(ref.service, refs.set(ref.requestId, ref))
  })
  const parts = [...byService].map(([service, refs]) => ({
    service: context.services.get(service),
    tenant: context.tenant(service),
    selection: { kind: 'ids', refs, untilSettled: until !== 'forever' } as const,
  }))
  return context.live.watch(parts, after)
}

/**
 * Follows everything of a service that matches a filter.
 *
 * @throws {BadRequestError} for a filter or cursor that does not fit
 */
export function pinsChanged(args: PinsChangedArgs, context: GatewayContext): LiveReader {
  const service = args.service ?? context.services.defaultName
  const query = parsePinFilter(args.filter)
  const selection = { kind: 'query', query } as const
  const part = { service: context.services.get(service), tenant: context.tenant(service), selection }
  return context.live.watch([part], args.after ?? null)
}
