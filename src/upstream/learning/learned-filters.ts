import { PIN_STATUSES, type Pin, type PinStatus } from '../../domain/pin.ts'
import { createPinFilter, type ListQuery } from '../http/list-query.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { Disproof } from './disproof.ts'

/** The status of the pins that a service lists if none is asked for, by the specification. */
export const DEFAULT_STATUS: PinStatus = 'pinned'

/** Returns the filters that were taken for exact, and that let other pins pass. */
export function looseFilters(query: ListQuery, pins: readonly Pin[], capabilities: Capabilities): Disproof[] {
  const { cids, name, match = 'exact', statuses, meta } = query
  const all = { statuses: PIN_STATUSES }
  const { cidFilter, nameFilter, statusFilter, metaFilter, namesPinsByCid } = capabilities
  const lessons: Disproof[] = []
  if (cids && cidFilter === 'exact' && !pins.every(createPinFilter({ ...all, cids }))) {
    const change = { cidFilter: 'loose' } as const
    lessons.push({ change, capability: 'cidFilter', proof: 'a list had CIDs that were not asked for' })
  }
  const isNameTrusted = name !== undefined && nameFilter[match] === 'exact' && !namesPinsByCid
  if (isNameTrusted && !pins.every(createPinFilter({ ...all, name, match }))) {
    const change = { nameFilter: { ...nameFilter, [match]: 'loose' } }
    lessons.push({ change, capability: 'nameFilter', proof: `match=${match} returned other names` })
  }
  if (statusFilter === 'exact' && statuses.length > 0 && !pins.every(createPinFilter({ statuses }))) {
    const change = { statusFilter: 'loose' } as const
    lessons.push({ change, capability: 'statusFilter', proof: 'a list had statuses that were not asked for' })
  }
  if (meta && metaFilter === 'exact' && !pins.every(createPinFilter({ ...all, meta }))) {
    const change = { metaFilter: 'loose' } as const
    lessons.push({ change, capability: 'metaFilter', proof: 'a list had pins without the meta asked for' })
  }
  return lessons
}

/**
 * Returns whether a page shows that the service honours several statuses: it has pins of two of them, or of one that is
 * neither the first nor the last of the request, nor `pinned`. Some services honour the first only, some the last, and some
 * list pins of their default status instead, which the specification says is `pinned`. A pin of any other status shows nothing
 * but that the service does not do what was asked.
 */
export function honoursSeveral({ statuses }: ListQuery, pins: readonly Pin[]): boolean {
  const shown = [...new Set(pins.map(({ status }) => status))]
  const [only, ...others] = shown
  if (only === undefined || !shown.every((status) => statuses.includes(status))) return false
  return others.length > 0 || (isInMiddle(only, statuses) && only !== DEFAULT_STATUS)
}

/** Returns whether a service that looks at the first or the last of some statuses only, would not find this one. */
export function isInMiddle(status: PinStatus, statuses: readonly PinStatus[]): boolean {
  const place = statuses.indexOf(status)
  return place > 0 && place < statuses.length - 1
}
