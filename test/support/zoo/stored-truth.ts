import { parseInstant } from '../../../src/domain/instant.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import { findProvider } from '../../../src/upstream/providers/known-providers.ts'
import type { EmulatedPin } from '../providers/emulated-pin.ts'

const MATCHES = {
  exact: (name, wanted) => name === wanted,
  iexact: (name, wanted) => name.toUpperCase() === wanted.toUpperCase(),
  partial: (name, wanted) => name.includes(wanted),
  ipartial: (name, wanted) => name.toUpperCase().includes(wanted.toUpperCase()),
} satisfies Record<string, (name: string, wanted: string) => boolean>

/**
 * Returns true if a pin matches a query. Decided by the service's stored pins, without any code of `src`.
 *
 * @param provider as which the service is known; null: a stranger
 */
export function storedTruth(query: PinQuery, provider: string | null): (pin: EmulatedPin) => boolean {
  const namesPinsByCid = findProvider(provider).capabilities.namesPinsByCid ?? false
  const nameOf = ({ name, cid }: EmulatedPin): string => (namesPinsByCid && name === cid ? null : name) ?? ''
  const [before, after] = [query.before, query.after].map((text) => (text === undefined ? null : parseInstant(text).ns))
  return (pin) =>
    query.statuses.includes(pin.status) &&
    (query.name === undefined || MATCHES[query.match ?? 'exact'](nameOf(pin), query.name)) &&
    (!query.cids || query.cids.some(({ key }) => key === pin.cidKey)) &&
    Object.entries(query.meta ?? {}).every(([key, value]) => pin.meta?.[key] === value) &&
    (before == null || pin.created < before) &&
    (after == null || pin.created > after)
}
